class Meta(type):
    def __call__(cls, *a):
        return super().__call__(*a).x + 2

class A(metaclass=Meta):
    x = 1

def answer():
    return A()
