from foundations import create_stage as stage
from model import answer

target = stage(answer)().options(process=True).enable_caching()
