import functools
from fs import a, b
PIPE = functools.reduce(lambda f, g: lambda x: g(f(x)), [a, b])

def answer():
    return PIPE(1)
