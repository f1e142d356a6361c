from foundations import create_stage as stage
from model import *
import pandas as pd

target = stage(answer)(pd.MultiIndex.from_product([['a'], [1]])).enable_caching()
