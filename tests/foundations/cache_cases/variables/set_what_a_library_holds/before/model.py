import decimal
import os
decimal.getcontext().prec = int(os.environ['PREC'])

def answer():
    return str(decimal.Decimal(1) / 3)
