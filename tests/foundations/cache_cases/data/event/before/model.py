import threading
E = threading.Event()
if 1:
    E.set()

def answer():
    return E.is_set()
