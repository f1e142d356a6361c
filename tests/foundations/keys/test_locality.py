"""The zone of local time and the locale count where code takes them from where it runs."""

from pathlib import Path

import pytest

from foundations.keys import locality
from foundations.keys.finishing import finished
from foundations.keys.live_record import LiveRecord
from foundations.keys.locality import note_locale, note_zone
from foundations.keys.observed import Observed, still_holds
from foundations.keys.places import Places


def seen(root: Path, *words: str, zone: bytes | None) -> Observed:
    record = LiveRecord(Places(root), folder="")
    note_zone(record, frozenset(words), {} if zone is None else {b"TZ": zone})
    return finished(record, audited=False)


@pytest.fixture
def zone(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = root / "localtime"
    file.write_text("here")
    monkeypatch.setattr(locality, "_ZONE", str(file))
    monkeypatch.delenv("TZ", raising=False)
    return file


def test_without_the_variable_the_systems_zone_counts(root: Path, zone: Path) -> None:
    observed = seen(root, "localtime", zone=None)
    assert still_holds(observed, root=root) is None
    zone.write_text("there")
    assert still_holds(observed, root=root) == "file localtime changed"
    zone.unlink()
    assert still_holds(observed, root=root) == "file localtime is gone"


def test_the_variable_counts_and_nothing_else_where_it_is_set(
    root: Path, zone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    observed = seen(root, "astimezone", zone=b"Asia/Tokyo")
    zone.write_text("there")
    assert still_holds(observed, root=root) is None
    monkeypatch.delenv("TZ")
    assert still_holds(observed, root=root) == "variable TZ is not set any more"


@pytest.mark.parametrize("words", [("time", "timezone"), ("x", "timestamp")])
def test_code_that_reckons_with_locality_is_known_by_its_words(root: Path, zone: Path, words: tuple[str, str]) -> None:
    assert "TZ" in seen(root, *words, zone=None).variables


def test_a_zone_that_a_time_is_given_is_not_the_local_one(root: Path, zone: Path) -> None:
    assert seen(root, "datetime", "timezone", "utc", zone=None) == Observed()


def test_the_locale_of_the_user_counts_where_code_asks_for_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    record = LiveRecord(Places(root), folder="")
    note_locale(record, frozenset({"setlocale"}))
    observed = finished(record, audited=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert still_holds(observed, root=root) == "variable LC_ALL changed"
