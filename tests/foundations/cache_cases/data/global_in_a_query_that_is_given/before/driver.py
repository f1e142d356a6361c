from foundations import create_stage as stage
from model import answer

target = stage(answer)("a > @LIMIT").enable_caching()
