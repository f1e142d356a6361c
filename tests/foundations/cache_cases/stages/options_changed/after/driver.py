from foundations import create_stage as stage
from model import answer

target = stage(answer)().options(retries=2, timeout=50).enable_caching()
