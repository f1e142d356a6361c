def answer(value):
    return value.to_dict('list')
