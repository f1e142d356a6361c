from lib.h import f

def answer(mode):
    return mode + str(f())
