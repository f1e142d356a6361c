"""Whether all of the user's code that ran was in the closure of its stage, as Python 3.12 and later can tell."""

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from foundations.keys.attribution import active, observe
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
        if not all(record.knows(code) for code in self._unheard.copy().values()):
            self._unheard.clear()
            self._monitoring.restart_events()
        return True

    def _started(self, code: CodeType, offset: int) -> Any:
        del offset
        if not self._owns(code.co_filename):
            return self._monitoring.DISABLE
        observe(LiveRecord.ran, code)
        # one that may run it next would want to know
        if not all(record.knows(code) for record in active.copy().values()):
            return None
        self._unheard[id(code)] = code
        return self._monitoring.DISABLE
