from types import SimpleNamespace
from foundations import create_stage as stage
from model import answer

target = stage(answer)(SimpleNamespace(a=2)).enable_caching()
