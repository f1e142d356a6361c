import settings

settings.RATE = 3
