from foundations import create_stage as stage
from model import answer
from b import M

target = stage(answer)(M(1)).enable_caching()
