import foundations
from foundations import create_stage as stage
from model import answer

target = stage(answer)({'x': 3, 'log': foundations.ignore(1)}).enable_caching()
