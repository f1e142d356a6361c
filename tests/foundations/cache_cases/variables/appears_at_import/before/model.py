import decimal
import os
decimal.getcontext().prec = 5 if 'QUICK' in os.environ else 6

def answer():
    return str(decimal.Decimal(1) / 3)
