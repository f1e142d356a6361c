def answer(*values):
    return values
