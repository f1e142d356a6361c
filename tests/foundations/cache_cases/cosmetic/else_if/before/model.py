def answer(x=1):
    if x == 1:
        return 'a'
    elif x == 2:
        return 'b'
    else:
        return 'c'
