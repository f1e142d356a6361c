import settings


def answer():
    return settings.RATE
