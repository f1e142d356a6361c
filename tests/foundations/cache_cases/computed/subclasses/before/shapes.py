from base import Shape


class Square(Shape):
    def area(self):
        return 4


class Point(Shape):
    def area(self):
        return 0
