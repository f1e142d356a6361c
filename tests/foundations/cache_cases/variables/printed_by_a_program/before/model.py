import subprocess


def answer():
    return subprocess.check_output(["printenv", "RATE"]).decode()
