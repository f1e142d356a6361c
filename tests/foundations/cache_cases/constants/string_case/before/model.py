def answer():
    return ['mean']
