class Shape:
    def area(self):
        return 1


def length():
    return 2
