import textwrap


def dedent(text):
    return "ours"


textwrap.dedent = dedent
