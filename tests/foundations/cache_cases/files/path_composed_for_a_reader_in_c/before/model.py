import os

import pyarrow as pa


def answer():
    with pa.memory_map(os.path.join("rows", "a" + ".csv")) as file:
        return file.read()
