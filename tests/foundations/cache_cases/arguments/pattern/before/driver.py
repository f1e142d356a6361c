import re
from foundations import create_stage as stage
from model import answer

target = stage(answer)(re.compile('a')).enable_caching()
