__all__ = ["len"]


def len(values):
    return 7
