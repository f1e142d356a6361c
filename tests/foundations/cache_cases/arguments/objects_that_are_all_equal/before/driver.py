from foundations import create_stage as stage
from model import *


target = stage(answer)(P(1)).enable_caching()
