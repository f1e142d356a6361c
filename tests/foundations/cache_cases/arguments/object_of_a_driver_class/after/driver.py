class Scale:
    def of(self, x):
        return x * 3
from foundations import create_stage as stage
from model import answer

target = stage(answer)(Scale()).enable_caching()
