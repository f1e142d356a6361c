from pathlib import Path
from foundations import create_stage as stage
from model import answer

target = stage(answer)(Path('data/a.csv')).enable_caching()
