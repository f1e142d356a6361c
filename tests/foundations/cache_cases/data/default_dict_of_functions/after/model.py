from collections import defaultdict


def start():
    return 2


COUNTS = defaultdict(start)


def answer():
    return dict(COUNTS).get("a", COUNTS.default_factory())
