import numpy as np
from foundations import create_stage as stage
from model import answer

target = stage(answer)(np.random.default_rng(2)).enable_caching()
