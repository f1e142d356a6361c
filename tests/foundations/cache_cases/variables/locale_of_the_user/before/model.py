import locale


def answer():
    return locale.setlocale(locale.LC_ALL, "")
