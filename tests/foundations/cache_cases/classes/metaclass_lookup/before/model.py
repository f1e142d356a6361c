class Meta(type):
    def __len__(cls):
        return 3


class Net(metaclass=Meta):
    pass


def answer():
    return len(Net)
