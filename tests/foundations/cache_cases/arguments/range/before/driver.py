from foundations import create_stage as stage
from model import answer

target = stage(answer)(range(0, 5, 2)).enable_caching()
