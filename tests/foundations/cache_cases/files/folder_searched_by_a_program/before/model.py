import subprocess


def answer():
    return subprocess.check_output(["grep", "-rh", "x", "rows"]).decode()
