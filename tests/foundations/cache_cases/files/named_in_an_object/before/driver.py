from foundations import create_stage as stage
from model import Source, answer

target = stage(answer)(Source('data/a.csv')).enable_caching()
