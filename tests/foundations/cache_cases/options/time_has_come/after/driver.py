from foundations import create_stage as stage
from model import answer

target = stage(answer)(3).enable_caching(ttl=0.001)  # a moment
