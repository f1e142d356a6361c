from foundations import create_stage as stage
from model import answer, load

target = stage(answer)(stage(load)()["test"]).enable_caching()
