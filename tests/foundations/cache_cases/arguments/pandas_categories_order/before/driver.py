import pandas as pd
from foundations import create_stage as stage
from model import answer

target = stage(answer)(pd.Series(pd.Categorical(['a'], categories=['a', 'b']))).enable_caching()
