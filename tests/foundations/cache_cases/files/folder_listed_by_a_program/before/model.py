import subprocess


def answer():
    return subprocess.check_output(["ls", "rows"]).decode()
