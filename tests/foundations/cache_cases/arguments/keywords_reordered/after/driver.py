from foundations import create_stage as stage
from model import answer

target = stage(answer)(3, offset=1, factor=4).enable_caching()
