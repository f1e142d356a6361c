_LIMITS = {"limit": 3}


def __getattr__(name):
    try:
        return _LIMITS[name]
    except KeyError:
        raise AttributeError(name) from None
