def doubled(function):
    return lambda x: function(x) * 2


def raised(function):
    return lambda x: function(x) + 1


@raised
@doubled
def scale(x):
    return x


def answer():
    return scale(3)
