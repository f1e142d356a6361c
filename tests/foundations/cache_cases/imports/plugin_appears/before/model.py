import importlib, pkgutil
import plugins

def answer():
    return sorted(importlib.import_module('plugins.' + m.name).NAME for m in pkgutil.iter_modules(plugins.__path__))
