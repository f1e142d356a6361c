def answer():
    value = "a"
    return f"{value!r}"
