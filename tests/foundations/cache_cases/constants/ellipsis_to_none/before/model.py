def answer():
    return [...]
