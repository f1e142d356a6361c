import pandas as pd
from foundations import create_stage as stage
from model import answer

target = stage(answer)(pd.DataFrame({'a': ['x', 'y'] + [''.join(['x'])]})).enable_caching()
