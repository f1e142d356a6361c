import pandas as pd
from foundations import create_stage as stage
from model import answer

target = stage(answer)(pd.Series(['a', float('nan')], dtype=object)).enable_caching()
