from foundations import create_stage as stage
from model import Same, answer

target = stage(answer)(Same(1)).enable_caching()
