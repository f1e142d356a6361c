import re

VALUE = re.compile("a+", re.IGNORECASE)


def answer():
    return VALUE.findall("aA")
