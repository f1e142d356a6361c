class Refused(ValueError):
    pass


def answer():
    try:
        raise Refused
    except ValueError:
        return "value"
    except Exception:
        return "other"
