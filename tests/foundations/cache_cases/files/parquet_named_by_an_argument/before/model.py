import pandas as pd


def answer(path):
    return pd.read_parquet(path).to_dict("list")
