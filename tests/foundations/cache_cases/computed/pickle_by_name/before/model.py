import pickle


def answer():
    return pickle.loads(b"chelpers\nscale\n.")(21)
