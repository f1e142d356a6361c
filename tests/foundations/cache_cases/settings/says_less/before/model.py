import logging
import warnings


def up():
    warnings.filterwarnings("ignore")
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("model").setLevel(logging.ERROR)
    return 1


def answer(x):
    return x
