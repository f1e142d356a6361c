from contextlib import contextmanager


@contextmanager
def setting():
    yield 5


def answer():
    with setting() as value:
        return value
