"""A process that digests functions of projects: it forks for each question, so that every answer is a fresh one."""

import contextlib
import importlib
import io
import json
import os
import pickle
import sys
import traceback
from operator import attrgetter
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]


def main() -> None:
    sys.path[0] = str(REPOSITORY)
    importlib.import_module("foundations.keys.closure")
    for line in sys.stdin:
        question = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                pipe.write(json.dumps(_answer(question)))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return _digested(**question)
    except BaseException:  # noqa: BLE001 - whatever it is, the test shall show it
        return {"error": traceback.format_exc()}


def _digested(root: str, functions: list[str], paths: list[str], pickled: str | None = None) -> dict[str, Any]:
    from foundations.keys.closure import Closures
    from foundations.keys.user_code import UserCode

    os.chdir(root)
    sys.path[:0] = [root, *paths]
    found = [_function(name) for name in functions] if pickled is None else [pickle.loads(bytes.fromhex(pickled))]
    closures = Closures(UserCode.of(Path(root), paths))
    answers = [closures.of(one) for one in found]
    again = Closures(UserCode.of(Path(root), paths))
    backwards = [again.of(one).digest for one in reversed(found)]
    last = answers[-1]
    return {
        "digest": last.digest,
        "digests": [one.digest for one in answers],
        "backwards": backwards[::-1],
        "coarse": list(last.coarse),
        "refused": last.refused,
        "files": list(last.files),
        "parts": [[part.kind, part.name, part.digest, part.file, part.source] for part in last.parts],
    }


def _function(name: str) -> Any:
    module, _, path = name.partition(":")
    return attrgetter(path)(importlib.import_module(module))


if __name__ == "__main__":
    main()
