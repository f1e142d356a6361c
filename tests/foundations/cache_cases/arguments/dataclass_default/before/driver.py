from foundations import create_stage as stage
from model import Config, answer

target = stage(answer)(Config()).enable_caching()
