import unittest


class Case(unittest.TestCase):
    def test_one(self):
        pass

    def test_two(self):
        pass
