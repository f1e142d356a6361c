import numpy as np
from foundations import create_stage as stage
from model import answer

target = stage(answer)(np.array([0.0])).enable_caching()
