class Scale:
    def of(self, x):
        return x * 2


def answer(function):
    return function(10)
