import polars


def answer():
    return polars.read_csv("rows/*.csv").to_dict(as_series=False)
