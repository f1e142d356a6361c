class Shape:
    def area(self):
        return 2


def length():
    return 1
