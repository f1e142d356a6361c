def answer(settings):
    return settings['x'] * 2
