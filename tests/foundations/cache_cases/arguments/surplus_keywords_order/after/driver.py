from foundations import create_stage as stage
from model import answer

target = stage(answer)(b=2, a=1).enable_caching()
