import os
from pathlib import Path
HERE = Path(__file__).parent

def answer():
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, (HERE / 'a.txt').read_bytes())
        os._exit(0)
    os.close(w)
    os.wait()
    return os.read(r, 100)
