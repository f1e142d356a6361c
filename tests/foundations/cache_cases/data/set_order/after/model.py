VALUE = {"blue", "red", "green"}


def answer():
    return sorted(VALUE)
