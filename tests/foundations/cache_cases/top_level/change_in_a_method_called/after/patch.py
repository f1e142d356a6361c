import decimal

class Conf:
    def apply(self):
        decimal.getcontext().prec = 3
        return self

X = Conf().apply()
