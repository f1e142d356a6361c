def answer():
    return [x for x in ("red", "blue", "pink") if x in {"red", "green", "blue", "yellow", "black"}]
