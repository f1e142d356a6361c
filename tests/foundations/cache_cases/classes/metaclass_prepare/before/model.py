class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return {'seed': 1}

class A(metaclass=Meta):
    value = seed * 2

def answer():
    return A().value
