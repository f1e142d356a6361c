def twice(function):
    return lambda x: function(function(x))


@twice
def scale(x):
    return x + 1


def answer():
    return scale(3)
