import steps


def answer():
    return [function() for name, function in sorted(vars(steps).items()) if name.startswith("step_")]
