import threading
E = threading.Event()
if 0:
    E.set()

def answer():
    return E.is_set()
