class Scale:
    def of(self, x):
        return x * 2
from foundations import create_stage as stage
from model import answer

target = stage(answer)(Scale()).enable_caching()
