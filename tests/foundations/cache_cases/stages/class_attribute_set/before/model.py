class Settings:
    rate = 1


def add(x):
    Settings.rate = x
    return x


def answer(x):
    return x * Settings.rate
