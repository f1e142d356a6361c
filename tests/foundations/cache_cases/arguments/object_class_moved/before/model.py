def answer(m):
    return m.n
