class Base:
    def f(self):
        return 1

class A(Base):
    def g(self):
        return self.f() + 1

def answer():
    return A().g()
