from foundations import create_stage as stage
from model import add, answer

target = stage(answer)(stage(add)(2)).enable_caching()
