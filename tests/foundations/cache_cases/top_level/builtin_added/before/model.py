import inject

def answer():
    return shout('a')
