SEEN = []


def add(x):
    SEEN.append(x)
    return x


def answer(x):
    return x, list(SEEN)
