import foundations
from foundations import create_stage as stage
from model import answer

target = stage(answer)({'x': 3, 'log': foundations.ignore('elsewhere')}).enable_caching()
