"""Whether all of the user's code that ran was in the closure of its stage, as Python 3.12 and later can tell."""

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from foundations.keys.attribution import active, is_ours, observe
from foundations.keys.live_record import LiveRecord

_NAME = "foundations"
_TOOLS = (4, 3)  # those that Python has named for nobody

Owns = Callable[[str], bool]


class EscapeAudit:
    """Hears of each of the user's functions once, when it begins to run, until it is armed again."""

    def __init__(self, owns: Owns) -> None:
        self._owns, self._tool = owns, -1
        self._monitoring: Any = getattr(sys, "monitoring", None)
        self._unheard: dict[int, CodeType] = {}  # code of the user's that is not heard of until it is armed again

    def begin(self) -> bool:
        """Begin to hear; tell whether this Python can, and lets us beside a debugger and a measure of coverage."""
        for tool in _TOOLS if self._monitoring is not None else ():
            if self._monitoring.get_tool(tool) is None:
                self._monitoring.use_tool_id(tool, _NAME)
                self._monitoring.register_callback(tool, self._monitoring.events.PY_START, self._started)
                self._monitoring.set_events(tool, self._monitoring.events.PY_START)
                self._tool = tool
                return True
        return False

    def end(self) -> None:
        """Hear of nothing more."""
        if self._tool >= 0 and self._monitoring.get_tool(self._tool) == _NAME:
            self._monitoring.set_events(self._tool, 0)
            self._monitoring.register_callback(self._tool, self._monitoring.events.PY_START, None)
            self._monitoring.free_tool_id(self._tool)
        self._tool = -1
        self._unheard.clear()

    def arm(self, record: LiveRecord) -> bool:
        """Hear again of all that this record's closure does not cover; tell whether anything is heard at all."""
        if self._tool < 0 or self._monitoring.get_tool(self._tool) != _NAME:
            return False
        try:
            rests = all(record.knows(code) for code in self._unheard.copy().values())
        except Exception:  # noqa: BLE001 - whatever a closure can't say of some code, it is heard of again
            rests = False
        if not rests:
            self._unheard.clear()
            self._monitoring.restart_events()
        return True

    def _started(self, code: CodeType, offset: int) -> Any:
        del offset
        if not self._owns(code.co_filename):
            return self._monitoring.DISABLE
        observe(LiveRecord.ran, code)
        if not _is_known_to_all(code):  # one of them may be the next to run it
            return None
        self._unheard[id(code)] = code
        return self._monitoring.DISABLE


def _is_known_to_all(code: CodeType) -> bool:
    try:
        return all(record.knows(code) for record in active.copy().values())
    except Exception as error:
        if not is_ours(error):  # what a signal's handler raises goes its way
            raise
        return False
