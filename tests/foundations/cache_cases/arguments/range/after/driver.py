from foundations import create_stage as stage
from model import answer

target = stage(answer)(range(0, 6, 2)).enable_caching()
