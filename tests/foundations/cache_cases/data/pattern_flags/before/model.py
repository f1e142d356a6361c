import re

VALUE = re.compile("a+")


def answer():
    return VALUE.findall("aA")
