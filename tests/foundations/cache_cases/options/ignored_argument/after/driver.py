from foundations import create_stage as stage
from model import answer

target = stage(answer)(3, verbose=True).enable_caching(ignore=['verbose'])
