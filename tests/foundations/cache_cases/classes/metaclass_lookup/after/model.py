class Meta(type):
    def __len__(cls):
        return 4


class Net(metaclass=Meta):
    pass


def answer():
    return len(Net)
