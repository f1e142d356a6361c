class Config:
    pass

def make():
    c = Config()
    c.size = 1
    table = {}
    table['a'] = c
    return table

OTHER = make()

def answer():
    return 2
