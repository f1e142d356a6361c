def nested(depth, value):
    return value if depth == 0 else [nested(depth - 1, value)]
from foundations import create_stage as stage
from model import answer

target = stage(answer)(nested(50, 2)).enable_caching()
