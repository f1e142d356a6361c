class Refused(KeyError):
    pass


def answer():
    try:
        raise Refused
    except ValueError:
        return "value"
    except Exception:
        return "other"
