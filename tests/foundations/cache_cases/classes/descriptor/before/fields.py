class Positive:
    def __init__(self, value):
        self.value = value

    def __get__(self, instance, owner):
        return self.value * 10
