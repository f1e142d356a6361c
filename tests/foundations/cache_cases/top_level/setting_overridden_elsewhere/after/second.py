import settings

settings.RATE = 4
