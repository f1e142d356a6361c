import collections
P = collections.namedtuple('P', 'a c')

def answer():
    return P(1, 2)._asdict()
