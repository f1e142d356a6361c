import pandas as pd


def assembled():
    frame = pd.DataFrame({'a': [1, 2]})
    frame['b'] = [3, 4]
    return frame
from foundations import create_stage as stage
from model import answer

target = stage(answer)(assembled()).enable_caching()
