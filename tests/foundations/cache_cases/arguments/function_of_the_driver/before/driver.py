from helpers import scale


def used(x):
    return scale(x)
from foundations import create_stage as stage
from model import answer

target = stage(answer)(used).enable_caching()
