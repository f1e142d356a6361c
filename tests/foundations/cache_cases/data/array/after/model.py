from array import array

VALUE = array("i", [1, 3])


def answer():
    return repr(VALUE)
