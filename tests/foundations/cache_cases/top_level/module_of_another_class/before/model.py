import conf

def answer():
    return conf.level
