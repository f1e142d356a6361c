__all__ = []


def len(values):
    return 7
