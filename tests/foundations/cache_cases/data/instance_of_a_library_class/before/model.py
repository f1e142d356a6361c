from types import SimpleNamespace

SETTINGS = SimpleNamespace(rate=0.1)


def answer():
    return SETTINGS.rate
