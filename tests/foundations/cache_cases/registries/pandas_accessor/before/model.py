import pandas as pd
import acc

def answer():
    return pd.Series([1, 2]).geo.total()
