import os


def answer():
    return sorted(name for name in os.environ if name.startswith("MODEL_"))
