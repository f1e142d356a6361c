import numpy as np
from foundations import create_stage as stage
from model import answer

target = stage(answer)(np.zeros(1, [('a', 'i4')])).enable_caching()
