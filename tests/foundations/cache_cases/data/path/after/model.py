from pathlib import PurePosixPath

VALUE = PurePosixPath("a/c")


def answer():
    return repr(VALUE)
