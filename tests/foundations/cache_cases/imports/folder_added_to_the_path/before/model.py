import sys
from pathlib import Path
sys.path.append(str(Path(__file__).parent / 'vendored'))
import thing

def answer():
    return thing.value()
