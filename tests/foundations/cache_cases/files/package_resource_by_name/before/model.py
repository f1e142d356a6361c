import importlib.resources
import pkgutil


def answer():
    return importlib.resources.read_text("pkg", "a.txt") + pkgutil.get_data("pkg", "b.txt").decode()
