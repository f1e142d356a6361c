import unittest

import cases

NAME = cases.__name__


def answer():
    return unittest.defaultTestLoader.loadTestsFromName("cases.Case").countTestCases()
