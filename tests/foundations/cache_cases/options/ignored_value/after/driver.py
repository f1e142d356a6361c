import foundations
from foundations import create_stage as stage
from model import answer

target = stage(answer)(3, foundations.ignore(2)).enable_caching()
