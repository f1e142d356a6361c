import project.settings.training


def answer():
    return project.settings.training.RATE
