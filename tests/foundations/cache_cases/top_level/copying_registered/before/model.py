import reg
import copy

def answer():
    return copy.copy(reg.P()).n
