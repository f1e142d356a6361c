def __getattr__(name):
    if name == "limit":
        return 3
    raise AttributeError(name)
