class Model:
    def rate(self):
        return 2


def helper(x: Model):
    return x


def answer():
    return helper(3)
