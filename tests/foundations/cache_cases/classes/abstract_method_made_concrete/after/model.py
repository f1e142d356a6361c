import abc

class A(abc.ABC):
    def f(self): ...

def answer():
    try:
        A()
        return 'made'
    except TypeError:
        return 'abstract'
