import shapes


def answer():
    return f"shapes.area {shapes.area()}", "shapes.area"
