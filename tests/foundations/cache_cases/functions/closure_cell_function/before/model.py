def double(x):
    return x * 2


def applied(function):
    def apply():
        return function(21)

    return apply


answer = applied(double)
