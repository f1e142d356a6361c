class Net:
    class Meta:
        size = 4


def answer():
    return Net.Meta.size
