import decimal
import os
decimal.getcontext().prec = int(os.environ.get('PREC', '5'))

def answer():
    return str(decimal.Decimal(1) / 3)
