def answer():
    class A:
        x = 1
        z = x + 1
    return sorted(n for n in vars(A) if n[0] != '_')
