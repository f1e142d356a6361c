from fractions import Fraction
from foundations import create_stage as stage
from model import answer

target = stage(answer)(Fraction(1, 2)).enable_caching()
