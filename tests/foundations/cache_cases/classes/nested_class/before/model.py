class Net:
    class Meta:
        size = 3


def answer():
    return Net.Meta.size
