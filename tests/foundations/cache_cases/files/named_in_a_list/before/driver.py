from foundations import create_stage as stage
from model import answer

target = stage(answer)({'paths': ['data/a.csv', 'data/b.csv']}).enable_caching()
