import first
import second
import settings


def answer():
    return settings.RATE
