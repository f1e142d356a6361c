class Names(list):
    title = "names"


def titled(names, title):
    names.title = title
    return names


def answer(names):
    return names.title
