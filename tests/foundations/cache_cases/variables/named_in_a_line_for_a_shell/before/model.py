import subprocess


def answer():
    return subprocess.check_output("echo $RATE", shell=True).decode()
