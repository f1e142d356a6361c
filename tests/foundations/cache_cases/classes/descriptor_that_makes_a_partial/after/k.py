def work(a, b):
    return a + b
