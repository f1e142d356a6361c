def z():
    return 1
