from foundations import create_stage as stage
from model import Connection, answer

target = stage(answer)(Connection('b')).enable_caching()
