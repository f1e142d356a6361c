from foundations import create_stage as stage
from model import answer, load, spoil

loaded = stage(load)()
target = stage(answer)(stage(spoil)(loaded), loaded).enable_caching()
loaded.disable_caching()
target.disable_caching()
