from foundations import create_stage as stage
from model import *
import numpy as np

target = stage(answer)(np.array([[1]])).enable_caching()
