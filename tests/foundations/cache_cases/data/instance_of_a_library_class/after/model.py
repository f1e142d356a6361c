from types import SimpleNamespace

SETTINGS = SimpleNamespace(rate=0.2)


def answer():
    return SETTINGS.rate
