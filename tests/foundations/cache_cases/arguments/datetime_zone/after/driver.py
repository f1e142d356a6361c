from datetime import UTC, datetime, timedelta, timezone
from foundations import create_stage as stage
from model import answer

target = stage(answer)(datetime(2024, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))).enable_caching()
