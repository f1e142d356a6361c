try:
    import speedups
    HAVE = True
except ImportError:
    HAVE = False

def answer():
    return 'fast' if HAVE else 'slow'
