import subprocess


def answer(path):
    return subprocess.check_output(["cat", path])
