class Refused(Exception):
    code = 4


def helper():
    raise Refused


def answer():
    try:
        helper()
    except Refused as error:
        return error.code
