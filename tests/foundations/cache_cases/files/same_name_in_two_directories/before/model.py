import os

def answer():
    here = os.getcwd()
    a = open('x.txt').read()
    os.chdir('sub')
    b = open('x.txt').read()
    os.chdir(here)
    return a, b
