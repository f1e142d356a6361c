import shapes


def answer():
    return shapes.__getattribute__("".join(["ar", "ea"]))()
