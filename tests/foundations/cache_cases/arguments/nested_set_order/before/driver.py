from foundations import create_stage as stage
from model import answer

target = stage(answer)({'k': [{frozenset('abc'), frozenset('xyz')}]}).enable_caching()
