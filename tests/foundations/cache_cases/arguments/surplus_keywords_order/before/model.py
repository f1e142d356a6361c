def answer(**named):
    return list(named)
