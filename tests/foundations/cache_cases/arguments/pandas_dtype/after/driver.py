import pandas as pd
from foundations import create_stage as stage
from model import answer

target = stage(answer)(pd.DataFrame({'a': [1.0]})).enable_caching()
