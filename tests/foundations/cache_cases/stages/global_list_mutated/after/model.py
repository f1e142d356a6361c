SEEN = []


def add(x):
    SEEN.append(x + 1)
    return x


def answer(x):
    return x, list(SEEN)
