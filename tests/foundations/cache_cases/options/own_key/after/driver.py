from foundations import create_stage as stage
from model import Connection, answer

elsewhere = Connection('a')
target = stage(answer)(Connection('a')).enable_caching()
