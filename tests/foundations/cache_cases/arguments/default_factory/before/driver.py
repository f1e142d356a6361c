from collections import defaultdict
from foundations import create_stage as stage
from model import answer

target = stage(answer)(defaultdict(int)).enable_caching()
