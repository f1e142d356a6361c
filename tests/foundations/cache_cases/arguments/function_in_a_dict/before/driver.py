from foundations import create_stage as stage
from model import answer, double

target = stage(answer)({'use': double}).enable_caching()
