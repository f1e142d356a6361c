from foundations import create_stage as stage
from model import answer, between, up

target = stage(answer)(stage(between)(stage(up)())).enable_caching()
