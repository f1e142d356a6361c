import numpy as np


def changed(value):
    array = np.zeros(100_000)
    array[50_000] = value
    return array
from foundations import create_stage as stage
from model import answer

target = stage(answer)(changed(2)).enable_caching()
