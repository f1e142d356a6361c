from foundations import create_stage as stage
from model import answer

target = stage(answer)([[1, 2], [3]]).enable_caching()
