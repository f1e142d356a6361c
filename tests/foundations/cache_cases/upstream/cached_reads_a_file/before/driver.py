from foundations import create_stage as stage
from model import answer, load

loaded = stage(load)("data/a.txt")
target = stage(answer)(loaded).enable_caching()
