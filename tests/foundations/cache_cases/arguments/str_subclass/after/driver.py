from foundations import create_stage as stage
from model import Loud, answer

target = stage(answer)(Loud('a')).enable_caching()
