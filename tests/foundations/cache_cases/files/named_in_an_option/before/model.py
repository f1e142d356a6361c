import subprocess


def answer():
    return subprocess.check_output(["grep", "-fwords", "rows"]).decode()
