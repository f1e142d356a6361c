def f():
    # a comment
    return 1
