def answer():
    return "aB".upper()
