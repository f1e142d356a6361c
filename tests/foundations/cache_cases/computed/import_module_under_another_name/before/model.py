from importlib import import_module as load


def answer():
    return load(f"{'plugin'}").value()
