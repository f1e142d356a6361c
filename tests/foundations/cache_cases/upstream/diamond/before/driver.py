from foundations import create_stage as stage
from model import answer, left, load, right

loaded = stage(load)()
target = stage(answer)(stage(left)(loaded), stage(right)(loaded)).enable_caching()
