from operator import itemgetter

key = itemgetter(1)


def answer():
    return sorted([(1, "b"), (2, "a")], key=key)
