from array import array

VALUE = array("i", [1, 2])


def answer():
    return repr(VALUE)
