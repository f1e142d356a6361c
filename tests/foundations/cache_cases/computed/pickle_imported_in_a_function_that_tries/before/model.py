import shapes

NAMED = shapes.__name__


def answer(data):
    import pickle

    try:
        return pickle.loads(data).area()
    except ValueError:
        return None
