from foundations import create_stage as stage
from model import Scale, answer

target = stage(answer)(Scale(2)).enable_caching()
