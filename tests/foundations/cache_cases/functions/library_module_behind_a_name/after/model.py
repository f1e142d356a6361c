import ntpath as paths


def answer():
    return paths.join("a", "b")
