import unittest


def answer():
    return unittest.defaultTestLoader.loadTestsFromName("cases." + "".join(["Ca", "se"])).countTestCases()
