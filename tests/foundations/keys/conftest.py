"""What the tests of what is observed share: a model directory, and a stage that runs there while it is watched."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundations import current
from foundations.keys.attribution import mine
from foundations.keys.observed import Observed
from foundations.keys.observer import Observer, Watch

See = Callable[..., Observed]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def observer(root: Path) -> Iterator[Observer]:
    made, before = Observer(root), mine.worker
    made.install()
    try:
        yield made
    finally:
        made.uninstall()
        mine.worker = before


@pytest.fixture
def see(observer: Observer) -> See:
    """Return what is observed of a call that runs as the code of a cached stage."""

    def seen(function: Callable[..., Any], *args: Any, name: str = "stage", **options: Any) -> Observed:
        watch: Watch = observer.watching(name, **options)
        with current.running(name), watch:
            function(*args)
        return watch.observed

    return seen
