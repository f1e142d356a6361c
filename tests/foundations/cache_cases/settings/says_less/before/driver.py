from foundations import create_stage as stage
from model import answer, up

target = stage(answer)(stage(up)()).enable_caching()
