from datetime import datetime
from foundations import create_stage as stage
from model import answer

target = stage(answer)(datetime(2024, 1, 1, 2)).enable_caching()
