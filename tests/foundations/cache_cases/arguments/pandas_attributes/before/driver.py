import pandas as pd


def noted(note):
    frame = pd.DataFrame({'a': [1]})
    frame.attrs['note'] = note
    return frame
from foundations import create_stage as stage
from model import answer

target = stage(answer)(noted('a')).enable_caching()
