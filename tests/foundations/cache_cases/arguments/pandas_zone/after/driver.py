import pandas as pd
from foundations import create_stage as stage
from model import answer

target = stage(answer)(pd.Series(pd.to_datetime(['2024-01-01'], utc=True).tz_convert('Europe/Paris'))).enable_caching()
