from . import tools
from .deep.more import bump


def answer():
    return bump(tools.scale(2))
