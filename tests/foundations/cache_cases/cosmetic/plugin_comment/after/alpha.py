def value():
    # comment
    return 1
