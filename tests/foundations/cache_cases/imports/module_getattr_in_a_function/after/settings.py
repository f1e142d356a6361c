_LIMITS = {"limit": 4}


def __getattr__(name):
    try:
        return _LIMITS[name]
    except KeyError:
        raise AttributeError(name) from None
