class Scale:
    def of(self, x):
        return x * 3


def answer(kind):
    return kind().of(10)
