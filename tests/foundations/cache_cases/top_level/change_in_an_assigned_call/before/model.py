from conf import setup
import decimal
ready = setup()

def answer():
    return str(decimal.Decimal(1) / 3)
