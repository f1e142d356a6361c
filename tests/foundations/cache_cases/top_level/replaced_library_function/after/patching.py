import textwrap


def dedent(text):
    return "mine"


textwrap.dedent = dedent
