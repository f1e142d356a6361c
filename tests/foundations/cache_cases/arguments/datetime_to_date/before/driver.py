from datetime import date, datetime
from foundations import create_stage as stage
from model import answer

target = stage(answer)(date(2024, 1, 1)).enable_caching()
