from foundations import create_stage as stage
from model import answer

target = stage(answer)({'1': 'a'}).enable_caching()
