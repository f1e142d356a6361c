def answer():
    match [1, 2, 3]:
        case [1, *rest]:
            return rest
        case _:
            return None
