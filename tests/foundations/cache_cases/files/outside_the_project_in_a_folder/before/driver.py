import os
from foundations import create_stage as stage
from model import answer

target = stage(answer)(os.environ['OUTSIDE']).enable_caching()
