def answer(value):
    return list(value.categories)
