import sys

class C:
    @property
    def level(self):
        return 2

sys.modules[__name__] = C()
