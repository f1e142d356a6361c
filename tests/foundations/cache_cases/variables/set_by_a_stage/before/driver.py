from foundations import create_stage as stage
from model import answer, make

target = stage(answer)(stage(make)("ab")).enable_caching()
