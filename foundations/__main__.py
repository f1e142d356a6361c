"""`python -m foundations`: the command, with the Python that is named."""

import sys

from foundations.cli import main

if __name__ == "__main__":
    sys.exit(main())
