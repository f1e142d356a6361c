def sized(cls):
    cls.size = 4
    return cls


@sized
class Net:
    pass


def answer():
    return Net.size
