from foundations import create_stage as stage
from model import answer

target = stage(answer)('a' * 300000 + 'c').enable_caching()
