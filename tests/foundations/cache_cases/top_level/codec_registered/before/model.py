import codec

def answer():
    return 'abc'.encode('own')
