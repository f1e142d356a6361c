from third import three


def two(x):
    return three(x) + 1
