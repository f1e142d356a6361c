def answer(value):
    return sorted(sorted(one) for one in value['k'][0])
