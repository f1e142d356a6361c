import helpers
from foundations import create_stage as stage
from model import answer

target = stage(answer)(helpers).enable_caching()
