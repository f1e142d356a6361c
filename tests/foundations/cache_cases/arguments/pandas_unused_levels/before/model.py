def answer(x):
    return [list(l) for l in x.levels]
