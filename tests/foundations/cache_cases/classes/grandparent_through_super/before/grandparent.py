class Grandparent:
    def value(self):
        return 1
