def answer():
    import shapes

    try:
        return shapes.Shape().area()
    except ValueError:
        return None
