import decimal

class Conf:
    def apply(self):
        decimal.getcontext().prec = 4
        return self

X = Conf().apply()
