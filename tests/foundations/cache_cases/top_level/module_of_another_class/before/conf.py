import sys
import types

class M(types.ModuleType):
    @property
    def level(self):
        return 1

sys.modules[__name__].__class__ = M
