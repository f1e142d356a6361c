def total(*values, **named):
    return sum(values) + sum(named.values())


def answer():
    return total(1, 2, a=3)
