from foundations import create_stage as stage
from model import answer, helper

target = stage(answer)(helper).enable_caching()
