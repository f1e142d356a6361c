class Parent:
    def value(self):
        return 1
