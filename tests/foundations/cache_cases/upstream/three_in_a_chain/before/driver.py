from foundations import create_stage as stage
from model import answer, load, prepare

target = stage(answer)(stage(prepare)(stage(load)())).enable_caching()
