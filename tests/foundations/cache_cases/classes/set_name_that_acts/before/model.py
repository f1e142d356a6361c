LOG = []

class D:
    def __set_name__(self, owner, name):
        LOG.append(name * 2)

class A:
    field = D()

def answer():
    return list(LOG)
