import subprocess
import sys
from pathlib import Path

def answer():
    return subprocess.check_output([sys.executable, '-m', 'tool'], text=True, cwd=Path(__file__).parent)
