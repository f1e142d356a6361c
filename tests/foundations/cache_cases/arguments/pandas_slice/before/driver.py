import pandas as pd
from foundations import create_stage as stage
from model import answer

target = stage(answer)(pd.DataFrame({'a': [1, 2, 3, 4]}).iloc[1:3].reset_index(drop=True)).enable_caching()
