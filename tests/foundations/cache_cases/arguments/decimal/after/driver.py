from decimal import Decimal
from foundations import create_stage as stage
from model import answer

target = stage(answer)(Decimal('1.00')).enable_caching()
