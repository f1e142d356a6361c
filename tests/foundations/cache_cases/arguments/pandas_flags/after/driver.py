from foundations import create_stage as stage
from model import *
import pandas as pd

target = stage(answer)(pd.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=False)).enable_caching()
