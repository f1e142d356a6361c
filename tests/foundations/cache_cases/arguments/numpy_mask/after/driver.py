import numpy as np
from foundations import create_stage as stage
from model import answer

target = stage(answer)(np.ma.array([1, 2], mask=[1, 0])).enable_caching()
