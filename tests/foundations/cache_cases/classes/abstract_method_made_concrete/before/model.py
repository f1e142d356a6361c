import abc

class A(abc.ABC):
    @abc.abstractmethod
    def f(self): ...

def answer():
    try:
        A()
        return 'made'
    except TypeError:
        return 'abstract'
