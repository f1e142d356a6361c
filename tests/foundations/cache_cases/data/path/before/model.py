from pathlib import PurePosixPath

VALUE = PurePosixPath("a/b")


def answer():
    return repr(VALUE)
