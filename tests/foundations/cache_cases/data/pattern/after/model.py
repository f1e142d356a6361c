import re

VALUE = re.compile("b+")


def answer():
    return VALUE.findall("aabb")
