from model import answer

def test():
    assert answer()
