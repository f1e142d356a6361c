import decimal
import os
if os.getenv('FAST') == '1':
    decimal.getcontext().prec = 5

def answer():
    return str(decimal.Decimal(1) / 3)
