import helpers as tools


def answer():
    return tools.scale(3)
