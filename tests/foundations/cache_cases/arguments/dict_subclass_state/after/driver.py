from foundations import create_stage as stage
from model import *


target = stage(answer)(mk(2)).enable_caching()
