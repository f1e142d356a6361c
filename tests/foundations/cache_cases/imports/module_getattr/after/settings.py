def __getattr__(name):
    if name == "limit":
        return 4
    raise AttributeError(name)
