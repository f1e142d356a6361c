import numpy as np
from foundations import create_stage as stage
from model import answer

target = stage(answer)(np.ones((2, 3))).enable_caching()
