def answer(value):
    return str(value.dtypes['a'])
