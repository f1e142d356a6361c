from grandparent import Grandparent


class Parent(Grandparent):
    def value(self):
        return super().value() + 1
