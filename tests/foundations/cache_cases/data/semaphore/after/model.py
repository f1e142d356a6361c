import threading
S = threading.Semaphore(2)

def answer():
    ok = S.acquire(blocking=False)
    other = S.acquire(blocking=False)
    S.release()
    return other
