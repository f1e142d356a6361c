Net = type("Net", (), {"size": lambda self: 4})


def answer():
    return Net().size()
