def answer():
    match [1, 2, 3]:
        case [*rest, 3]:
            return rest
        case _:
            return None
