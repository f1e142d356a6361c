from foundations import create_stage as stage
from model import response

target = stage(response)().enable_caching()
