import numpy as np
from foundations import create_stage as stage
from model import answer

target = stage(answer)(np.zeros(2, 'int64')).enable_caching()
