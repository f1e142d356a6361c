import importlib


def answer():
    return importlib.import_module("plug" + "in").value()
