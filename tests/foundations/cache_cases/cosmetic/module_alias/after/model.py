import helpers as gadgets


def answer():
    return gadgets.scale(3)
