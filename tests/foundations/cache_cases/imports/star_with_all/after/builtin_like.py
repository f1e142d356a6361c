__all__ = ['abs']

def abs(x):
    return ('own', x)
