import decimal
import warnings
from contextvars import ContextVar

import numpy as np
import pandas as pd

LEVEL = ContextVar("level", default=0)


def up():
    token = LEVEL.set(1)
    with decimal.localcontext() as context, warnings.catch_warnings(), np.printoptions(precision=2):
        context.prec = 5
        warnings.simplefilter("ignore")
        with pd.option_context("display.precision", 2), np.errstate(all="ignore"):
            said = f"{pd.Series([1.23456])} {np.array([1.23456])} {decimal.Decimal(1) / 3}"
    LEVEL.reset(token)
    return said


def answer(x):
    return x  # as it is
