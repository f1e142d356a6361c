import decimal
from conf import setup
setup()

def answer():
    return str(decimal.Decimal(1) / 3)
