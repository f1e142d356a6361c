def applied(function, values):
    return function(values)


def answer():
    return applied(min, [1, 2])
