from foundations import create_stage as stage
from model import *


target = stage(answer)(O([mk(2)])).enable_caching()
