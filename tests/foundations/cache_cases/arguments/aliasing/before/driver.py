from foundations import create_stage as stage
from model import answer

target = stage(answer)([[1, 2]] * 2).enable_caching()
