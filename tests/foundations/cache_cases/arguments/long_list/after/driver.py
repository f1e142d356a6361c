from foundations import create_stage as stage
from model import answer

target = stage(answer)([0] * 20000 + [2]).enable_caching()
