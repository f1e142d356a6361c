import cls
import more

def answer():
    return cls.A().f1()
