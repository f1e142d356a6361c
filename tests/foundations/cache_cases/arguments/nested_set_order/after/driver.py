from foundations import create_stage as stage
from model import answer

target = stage(answer)({'k': [{frozenset('zyx'), frozenset('cba')}]}).enable_caching()
