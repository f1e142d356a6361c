from pathlib import Path


def answer(settings):
    return [Path(path).read_text() for path in settings["paths"]]
