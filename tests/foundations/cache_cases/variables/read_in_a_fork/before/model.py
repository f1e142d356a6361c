import os
import multiprocessing

def get(_):
    return os.environ.get('LEVEL')

def answer():
    with multiprocessing.get_context('fork').Pool(1) as p:
        return p.map(get, [1])
