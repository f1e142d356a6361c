import json
from pathlib import Path


def answer():
    return json.loads((Path(__file__).parent / "data" / "a.json").read_text())
