import os
import subprocess


def answer():
    environment = {"RATE": os.environ["RATE"]}
    return subprocess.check_output(["sh", "-c", "echo $RATE"], env=environment)
