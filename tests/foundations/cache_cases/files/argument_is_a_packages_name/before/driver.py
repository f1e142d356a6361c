from foundations import create_stage as stage
from model import *


target = stage(answer)('lib').enable_caching()
