from foundations import create_stage as stage
from model import Names, answer, titled

target = stage(answer)(titled(Names(['a']), 'x')).enable_caching()
