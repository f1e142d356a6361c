def total(*values, **named):
    return sum(values) + len(named)


def answer():
    return total(1, 2, a=3)
