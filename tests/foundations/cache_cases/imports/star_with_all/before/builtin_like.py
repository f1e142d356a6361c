__all__ = []

def abs(x):
    return ('own', x)
