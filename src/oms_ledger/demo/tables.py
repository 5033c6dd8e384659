"""Tables and bars of the summary."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

BAR = 22
SPARKS = " ▁▂▃▄▅▆▇█"


def bar(count: float, most: float, width: int = BAR) -> str:
    """A horizontal bar, to an eighth of a character; a count above 0 is always visible."""
    eighths = round(width * 8 * count / most) if most else 0
    eighths = max(eighths, 1) if count else 0
    return ("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]).rstrip()


def sparkline(counts: Sequence[int], most: int) -> str:
    """A sparkline, one character a count; 0 is blank and any other count is visible."""
    top = len(SPARKS) - 1
    return "".join(SPARKS[-(-count * top // most)] if most else " " for count in counts)


def table(title: str, *headings: str) -> Table:
    """A table; columns whose heading ends in `>` are aligned to the right."""
    made = Table(
        title=title,
        title_style="bold",
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_header=any(headings),
    )
    for heading in headings:
        right = heading.endswith(">")
        made.add_column(heading.rstrip(">"), justify="right" if right else "left", no_wrap=True)
    return made
