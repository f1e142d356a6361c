Net = type("Net", (), {"size": lambda self: 3})


def answer():
    return Net().size()
