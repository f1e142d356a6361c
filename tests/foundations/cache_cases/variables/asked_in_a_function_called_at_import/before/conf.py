import decimal
import os
NAME = 'PRECISION'

def read(name):
    return os.environ.get(name, '7')

def setup():
    decimal.getcontext().prec = int(read(NAME))
