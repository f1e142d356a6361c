def scaled(by):
    def scale(x=10):
        return x * by

    return scale  # it


answer = scaled(2)
