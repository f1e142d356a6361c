def answer():
    value = 1 / 3
    return f"{value:.2f}"
