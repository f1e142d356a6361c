def test_it():
    assert 1 == 1
