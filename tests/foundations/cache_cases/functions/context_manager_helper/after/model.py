from contextlib import contextmanager


@contextmanager
def setting():
    yield 6


def answer():
    with setting() as value:
        return value
