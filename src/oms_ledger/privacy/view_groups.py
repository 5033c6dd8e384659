"""Views of public pages, recorded in groups: the first view of a person's data on a page is
recorded, and stands for those of the next minutes. A page that is opened a thousand times leaves
one entry in the access log."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection

from oms_ledger.privacy.disclosure import Access

GROUP_SECONDS = 600.0

GROUPS_MAX = 50_000
"""Groups that are remembered; of more, the oldest are begun anew by the next view."""


class ViewGroups:
    """Used by any number of threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: OrderedDict[tuple[Access, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def unrecorded(self, access: Access, keys: Collection[str]) -> Collection[str]:
        """The keys whose disclosure must be recorded: all, but for a public page."""
        if not access.public:
            return keys
        now = self._now()
        with self._lock:
            return {key for key in keys if self._until.get((access, key), now) <= now}

    def recorded(self, access: Access, keys: Collection[str]) -> None:
        """Note that the disclosure is in the access log, for the views after it."""
        if not access.public:
            return
        until = self._now() + GROUP_SECONDS
        with self._lock:
            for key in keys:
                self._until.pop((access, key), None)
                self._until[access, key] = until
            while len(self._until) > GROUPS_MAX:
                self._until.popitem(last=False)
