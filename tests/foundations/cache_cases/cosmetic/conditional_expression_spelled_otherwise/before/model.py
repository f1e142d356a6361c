def answer():
    return max(
        1,
        2,
    )
