class Layer:
    known = {}

    def __init_subclass__(cls):
        Layer.known[cls.__name__] = cls
