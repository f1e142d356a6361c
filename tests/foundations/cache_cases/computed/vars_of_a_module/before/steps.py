def step_one():
    return 1


def step_two():
    return 2
