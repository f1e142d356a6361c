import os
import shutil
import tempfile

def answer():
    d = tempfile.mkdtemp()
    shutil.copy('x.txt', d)
    t = open(os.path.join(d, 'x.txt')).read()
    shutil.rmtree(d)
    return t
