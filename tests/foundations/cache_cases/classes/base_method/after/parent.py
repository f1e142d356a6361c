class Parent:
    def value(self):
        return 2
