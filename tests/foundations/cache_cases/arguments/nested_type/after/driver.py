from foundations import create_stage as stage
from model import answer

target = stage(answer)({'a': [{'b': (1, [True])}]}).enable_caching()
