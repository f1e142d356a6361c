class Model:
    def rate(self):
        return 1


def helper(x: Model):
    return x


def answer():
    return helper(3)
