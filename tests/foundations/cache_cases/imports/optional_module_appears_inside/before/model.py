def answer():
    try:
        import fast
    except ImportError:
        return 0
    return fast.LIMIT
