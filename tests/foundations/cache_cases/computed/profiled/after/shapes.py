def area():
    return 2
