import dataclasses
import enum

class Config(dict):
    pass

class Other:
    model_config = Config(a=1)
    fields = dataclasses.field(default=1)
    settings = dict(a=1)

    @property
    def x(self):
        return 1

    @x.setter
    def x(self, v):
        pass

def answer():
    return 1
