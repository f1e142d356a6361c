def answer(path):
    return path.read_bytes()
