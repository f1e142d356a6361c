def answer():
    return "a b".split()
