from foundations import create_stage as stage
from model import answer, load

target = stage(answer)(stage(load)().scaled(2)).enable_caching()
