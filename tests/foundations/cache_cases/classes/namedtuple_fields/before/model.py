import collections
P = collections.namedtuple('P', 'a b')

def answer():
    return P(1, 2)._asdict()
