def answer():
    return [x for x in ("red", "blue", "pink") if x in {"black", "yellow", "red", "green", "blue"}]
