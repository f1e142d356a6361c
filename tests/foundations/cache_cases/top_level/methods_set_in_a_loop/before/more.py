import cls
for n in (1, 2):
    setattr(cls.A, f'f{n}', lambda self, n=n: n * 10)
