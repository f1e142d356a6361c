class Grandparent:
    def value(self):
        return 10
