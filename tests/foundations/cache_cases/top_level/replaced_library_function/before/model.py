import textwrap

import patching


def answer():
    return textwrap.dedent("  a")
