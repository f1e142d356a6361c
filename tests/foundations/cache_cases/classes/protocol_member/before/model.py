from typing import Protocol, runtime_checkable

@runtime_checkable
class Has(Protocol):
    def run(self): ...

class A:
    def run(self):
        return 1

def answer():
    return isinstance(A(), Has)
