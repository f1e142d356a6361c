def answer():
    try:
        with open("data/extra.csv") as file:
            return file.read()
    except FileNotFoundError:
        return None
