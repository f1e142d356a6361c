from collections import defaultdict


def start():
    return 1


COUNTS = defaultdict(start)


def answer():
    return dict(COUNTS).get("a", COUNTS.default_factory())
