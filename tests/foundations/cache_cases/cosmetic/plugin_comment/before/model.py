import importlib

def answer(n='alpha'):
    return importlib.import_module(n).value()
