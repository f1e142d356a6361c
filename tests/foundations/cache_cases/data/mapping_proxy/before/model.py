from types import MappingProxyType

VALUE = MappingProxyType({"a": 1})


def answer():
    return dict(VALUE)
