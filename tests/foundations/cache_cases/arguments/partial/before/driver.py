from functools import partial
from foundations import create_stage as stage
from model import answer

target = stage(answer)(partial(max, 1)).enable_caching()
