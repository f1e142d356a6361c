def answer():
    return "aB".lower()
