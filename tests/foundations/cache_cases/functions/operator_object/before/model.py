from operator import itemgetter

key = itemgetter(0)


def answer():
    return sorted([(1, "b"), (2, "a")], key=key)
