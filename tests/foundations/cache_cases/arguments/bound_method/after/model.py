class Scale:
    def of(self, x):
        return x * 3


def answer(function):
    return function(10)
