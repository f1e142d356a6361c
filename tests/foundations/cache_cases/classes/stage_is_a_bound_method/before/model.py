class Scale:
    def __init__(self, factor):
        self.factor = factor

    def scaled(self):
        return 10 * self.factor


answer = Scale(2).scaled
