from foundations import create_stage as stage
from model import Kind, answer

target = stage(answer)(Kind.ONE).enable_caching()
