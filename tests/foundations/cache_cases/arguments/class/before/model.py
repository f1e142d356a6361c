class Scale:
    def of(self, x):
        return x * 2


def answer(kind):
    return kind().of(10)
