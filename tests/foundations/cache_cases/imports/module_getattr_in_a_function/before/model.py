def answer():
    from settings import limit

    return limit
