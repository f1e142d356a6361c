def answer(value):
    return list(value.cat.categories)
