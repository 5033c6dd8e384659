"""Sheets of A4 that are filled from the top down. Lengths are points; places are counted from the
left and upper edges."""

from __future__ import annotations

from io import BytesIO

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from oms_ledger.documents.texts import BOLD, REGULAR, fitted, printable

WIDTH, HEIGHT = A4
MARGIN = 15 * mm
RIGHT = WIDTH - MARGIN
BOTTOM = 20 * mm

SIZE = 9.0
LARGE = 16.0
LEADING = 1.25
"""The distance of rows, in sizes of their font."""

MODULE_MAX = 0.33 * mm
MODULE_MIN = 0.19 * mm
"""Widths of the thinnest bar. Scanners at hand's distance read no thinner ones."""

QUIET_MODULES = 10
"""The blank space that ISO/IEC 15417 wants on each side of a Code 128."""

BARCODE_CHARACTERS_MAX = 80


class Sheets:
    """`title` and `subject` are at the top of every page: what it is, and what it is of. A file is
    the same bytes whenever it is drawn."""

    def __init__(self, title: str, subject: str) -> None:
        self._title = title
        self._subject = subject
        self._buffer = BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, pageCompression=1, invariant=1)
        self._canvas.setTitle(printable(f"{title} {subject}"))
        self._canvas.setAuthor("")
        self._y = 0.0
        self._begin_page()

    def make_room(self, height: float) -> None:
        """Go on on a new page where less than `height` is left on this one."""
        if self._y - height < BOTTOM:
            self._canvas.showPage()
            self._begin_page()

    def move_down(self, height: float) -> None:
        self._y -= height

    def rule(self) -> None:
        """A thin line from margin to margin."""
        self._canvas.setLineWidth(0.3)
        self._canvas.line(MARGIN, self._y, RIGHT, self._y)

    def write(
        self,
        value: object,
        x: float,
        width: float,
        *,
        size: float = SIZE,
        bold: bool = False,
        rows: int = 1,
        down: float = 0.0,
    ) -> float:
        """Write a value in at most `rows` rows below the present place, `down` lower; the place
        stays. The height of these rows. No character of it has a meaning for the file."""
        font = BOLD if bold else REGULAR
        self._canvas.setFont(font, size)
        y = self._y - down - size
        written = fitted(value, font, size, width, rows)
        for index, row in enumerate(written):
            self._canvas.drawString(x, y - index * size * LEADING, row)
        return len(written) * size * LEADING

    def draw_barcode(self, value: object, x: float, width: float, height: float) -> None:
        """Draw a Code 128 with its quiet zones, below the present place; nothing where it cannot
        be read: the value has characters that are not ASCII, or is too long for `width`."""
        text = str(value)
        if not is_encodable(text):
            return
        code = Code128(text, barWidth=1, barHeight=1, quiet=0)
        module = min(MODULE_MAX, width / (code.width + 2 * QUIET_MODULES))
        if module < MODULE_MIN:
            return
        self._canvas.saveState()
        self._canvas.translate(x + QUIET_MODULES * module, self._y - height)
        self._canvas.scale(module, height)
        code.drawOn(self._canvas, 0, 0)
        self._canvas.restoreState()

    def content(self) -> bytes:
        """The file; nothing can be drawn after."""
        self._canvas.save()
        return self._buffer.getvalue()

    def _begin_page(self) -> None:
        self._y = HEIGHT - MARGIN
        width = RIGHT - MARGIN
        self.write(self._title, MARGIN, width * 0.3, size=LARGE, bold=True)
        self.write(self._subject, MARGIN + width * 0.3, width * 0.55, size=LARGE)
        page = f"Page {self._canvas.getPageNumber()}"
        self.write(page, RIGHT - width * 0.1, width * 0.1)
        self.move_down(LARGE * LEADING + 2 * mm)
        self.rule()
        self.move_down(3 * mm)


def is_encodable(text: str) -> bool:
    """Whether a barcode of it means what it says: printable ASCII, and nothing masked."""
    return (
        0 < len(text) <= BARCODE_CHARACTERS_MAX
        and text.isascii()
        and text.isprintable()
        and not set(text) <= {"*"}
    )
