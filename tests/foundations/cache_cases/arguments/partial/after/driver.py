from functools import partial
from foundations import create_stage as stage
from model import answer

target = stage(answer)(partial(max, 5)).enable_caching()
