from foundations import create_stage as stage
from model import answer

target = stage(answer)('1').enable_caching()
