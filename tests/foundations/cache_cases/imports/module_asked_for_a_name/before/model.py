import settings


def answer():
    return settings.LIMIT if hasattr(settings, "LIMIT") else 0
