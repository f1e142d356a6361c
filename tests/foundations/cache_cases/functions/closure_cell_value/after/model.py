def scaled(factor):
    def scale(x=10):
        return x * factor

    return scale


answer = scaled(3)
