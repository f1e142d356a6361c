"""Starts the courier from the runtime that this file lies in, out of reach of the user's packages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "courier"))

from foundations_runner.courier import main

sys.exit(main())
