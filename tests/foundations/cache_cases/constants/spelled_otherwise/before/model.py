def answer():
    return [1000, 0.5, "ab", "c", 60 * 60, b"a"]
