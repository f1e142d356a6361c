from foundations import Hyperparameter
from foundations import create_stage as stage
from model import answer

target = stage(answer)(Hyperparameter("rate")).enable_caching()
options = {"rate": 3.0}
