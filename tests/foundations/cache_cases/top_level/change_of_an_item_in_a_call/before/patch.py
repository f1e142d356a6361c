import mimetypes

def add(x):
    mimetypes.types_map['.own'] = x
    return x

X = add('a/b')
