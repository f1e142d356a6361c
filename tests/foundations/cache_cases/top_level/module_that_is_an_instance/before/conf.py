import sys

class C:
    @property
    def level(self):
        return 1

sys.modules[__name__] = C()
