import second
import first
import settings


def answer():
    return settings.RATE
