def load():
    found = {"red", "green", "blue"}
    return found


def answer(values):
    return sorted(values)
