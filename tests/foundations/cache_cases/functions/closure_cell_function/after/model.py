def double(x):
    return x * 3


def applied(function):
    def apply():
        return function(21)

    return apply


answer = applied(double)
