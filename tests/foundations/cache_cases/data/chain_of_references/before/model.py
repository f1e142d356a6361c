def scale(x):
    return x * 2


class Step:
    def __init__(self, function):
        self.function = function


class Plan:
    steps = [Step(scale)]


def answer():
    return Plan.steps[0].function(10)
