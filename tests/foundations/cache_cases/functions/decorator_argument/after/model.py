def times(count):
    def decorate(function):
        def wrapper(x):
            return function(x) * count

        return wrapper

    return decorate


@times(3)
def scale(x):
    return x + 1


def answer():
    return scale(3)
