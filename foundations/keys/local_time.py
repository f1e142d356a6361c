"""Whether a stage's code reckons with local time, and where that comes from: a variable, else the system's zone."""

import os
from collections.abc import Mapping

from foundations.keys.claims import content_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.watched_environment import digest_of
from foundations.keys.watched_files import DIGESTS

_VARIABLE = "TZ"
_ZONE = "/etc/localtime"
_LOCAL = "localtime mktime ctime timestamp fromtimestamp astimezone tzlocal get_localzone get_localzone_name"
_WORDS = frozenset(_LOCAL.split())
_OF_TIME = frozenset({"timezone", "altzone", "tzname", "daylight"})


def note_zone(record: LiveRecord, words: frozenset[str], variables: Mapping[bytes, bytes]) -> None:
    """Note the zone where code has words that reckon with it; `variables` are those that were set when it began."""
    if _WORDS.isdisjoint(words) and ("time" not in words or _OF_TIME.isdisjoint(words)):
        return
    given = variables.get(_VARIABLE.encode())
    if _VARIABLE not in record.asked:
        record.note("variables", _VARIABLE, None if given is None else digest_of(os.fsdecode(given)))
    if not given:
        record.note_now("named", _ZONE, content_at(_ZONE, DIGESTS))
