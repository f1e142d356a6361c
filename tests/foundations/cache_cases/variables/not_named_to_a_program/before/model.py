import subprocess


def answer():
    return subprocess.check_output(["printenv", "OTHER_RATE"]).decode()
