def answer():
    return [complex(0.0, 0.0)]
