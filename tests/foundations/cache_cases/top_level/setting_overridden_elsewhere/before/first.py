import settings

settings.RATE = 2
