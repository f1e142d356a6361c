from foundations import create_stage as stage
from model import Config, answer

target = stage(answer)(Config(1.0, 'b')).enable_caching()
