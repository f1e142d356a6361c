import settings


def answer():
    return settings.limit
