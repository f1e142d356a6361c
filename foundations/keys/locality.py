"""What a stage's code takes from where it runs: the zone of local time, and the locale."""

import os
from collections.abc import Mapping

from foundations.keys.claims import content_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.watched_environment import digest_of, note_variables
from foundations.keys.watched_files import DIGESTS

_VARIABLE = "TZ"
_ZONE = "/etc/localtime"
_LOCAL = "localtime mktime ctime timestamp fromtimestamp astimezone tzlocal get_localzone get_localzone_name"
_WORDS = frozenset(_LOCAL.split())
_OF_TIME = frozenset({"timezone", "altzone", "tzname", "daylight"})
_SETS_LOCALE = frozenset({"setlocale", "getdefaultlocale"})
_LOCALE = "LC_ALL LC_CTYPE LC_COLLATE LC_NUMERIC LC_TIME LC_MONETARY LC_MESSAGES LANG LANGUAGE"


def note_locale(record: LiveRecord, words: frozenset[str]) -> None:
    """Note the variables that say which locale the user has, where code has words that ask for it."""
    if not _SETS_LOCALE.isdisjoint(words):
        note_variables(record, _LOCALE.split())


def note_zone(record: LiveRecord, words: frozenset[str], variables: Mapping[bytes, bytes]) -> None:
    """Note the zone where code has words that reckon with it; `variables` are those that were set when it began."""
    if _WORDS.isdisjoint(words) and ("time" not in words or _OF_TIME.isdisjoint(words)):
        return
    given = variables.get(_VARIABLE.encode())
    if _VARIABLE not in record.asked:
        record.note("variables", _VARIABLE, None if given is None else digest_of(os.fsdecode(given)))
    if not given:
        record.note_now("named", _ZONE, content_at(_ZONE, DIGESTS))
