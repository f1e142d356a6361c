def answer(value):
    return value.default_factory.__name__
