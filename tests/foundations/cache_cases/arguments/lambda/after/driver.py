from foundations import create_stage as stage
from model import answer

target = stage(answer)(lambda x: x + 2).enable_caching()
