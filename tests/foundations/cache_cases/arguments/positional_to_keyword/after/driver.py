from foundations import create_stage as stage
from model import answer

target = stage(answer)(factor=4, x=3).enable_caching()
