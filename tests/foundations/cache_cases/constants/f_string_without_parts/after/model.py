def answer():
    return f"abc"
