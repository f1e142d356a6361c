from collections import defaultdict

VALUE = defaultdict(int)


def answer():
    return VALUE.copy()['missing']
