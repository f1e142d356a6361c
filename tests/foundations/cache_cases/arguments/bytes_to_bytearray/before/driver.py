from foundations import create_stage as stage
from model import answer

target = stage(answer)(b'a').enable_caching()
