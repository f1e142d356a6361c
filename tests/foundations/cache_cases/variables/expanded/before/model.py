import os.path


def answer():
    return os.path.expandvars("$PLACE/a")
