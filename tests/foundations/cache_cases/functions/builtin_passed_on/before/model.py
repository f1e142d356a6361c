def applied(function, values):
    return function(values)


def answer():
    return applied(max, [1, 2])
