import subprocess


def answer():
    return subprocess.check_output(["find", "-name", "*.txt"]).decode()
