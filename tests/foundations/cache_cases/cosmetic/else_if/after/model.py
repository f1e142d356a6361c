def answer(x=1):
    if x == 1:
        return 'a'
    else:
        if x == 2:
            return 'b'
        else:
            return 'c'
