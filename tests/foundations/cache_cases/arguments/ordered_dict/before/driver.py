from collections import OrderedDict
from foundations import create_stage as stage
from model import answer

target = stage(answer)({'a': 1}).enable_caching()
