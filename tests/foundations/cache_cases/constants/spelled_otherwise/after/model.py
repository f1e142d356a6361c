def answer():
    return [1_000, 5e-1, 'a' 'b', '\x63', 3600, b'\x61']
