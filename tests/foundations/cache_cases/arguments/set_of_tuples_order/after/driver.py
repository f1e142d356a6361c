from foundations import create_stage as stage
from model import answer

target = stage(answer)({('c', 3), ('b', 2), ('a', 1)}).enable_caching()
