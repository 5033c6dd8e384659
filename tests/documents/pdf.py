"""The texts of the pages of a PDF, and its barcodes as a scanner reads them."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode

STREAM = re.compile(rb"/ASCII85Decode /FlateDecode.*?stream\r?\n(.*?)endstream", re.DOTALL)
TEXT = re.compile(rb"\(((?:[^()\\]|\\.)*)\) Tj", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
BARCODE = re.compile(rb"q\n(\S+) 0 0 \S+ \S+ \S+ cm\nq\n1 0 0 1 0 0 cm\n(.*?)Q\nQ\n", re.DOTALL)
BAR = re.compile(rb"n (\S+) 0 (\S+) 1 re f")

CODE_128 = re.findall(
    "......",
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132"
    "122231113222123122123221223211221132221231213212223112312131311222321122321221312212"
    "322112322211212123212321232121111323131123131321112313132113132311211313231113231311"
    "112133112331132131113123113321133121313121211331231131213113213311213131311123311321"
    "331121312113312311332111314111221411431111111224111422121124121421141122141221112214"
    "112412122114122411142112142211241211221114413111241112134111111242121142121241114212"
    "124112124211411212421112421211212141214121412121111143111341131141114113114311411113"
    "411311113141114131311141411131211412211214211232",
)
"""Widths of bars and spaces by value, from ISO/IEC 15417, table 1; the last are the start codes."""

STOP = "2331112"
START_B, START_C = 104, 105
TO_C, TO_B = 99, 100


def contents(file: bytes) -> list[bytes]:
    """The drawing instructions of each page."""
    assert file.startswith(b"%PDF-")
    return [zlib.decompress(a85decode(b"<~" + s.strip(), adobe=True)) for s in STREAM.findall(file)]


def texts(file: bytes) -> list[list[str]]:
    """The texts of each page, in the order in which they were drawn."""
    return [
        [ESCAPED.sub(_unescaped, text).decode("cp1252") for text in TEXT.findall(content)]
        for content in contents(file)
    ]


def text_of(file: bytes) -> str:
    """All texts, one a line."""
    return "\n".join(text for page in texts(file) for text in page)


def barcodes(file: bytes) -> list[str]:
    """The values of all barcodes."""
    return [
        _scanned([(float(x), float(width)) for x, width in BAR.findall(bars)])
        for content in contents(file)
        for _, bars in BARCODE.findall(content)
    ]


def modules(file: bytes) -> list[float]:
    """The width of the thinnest bar of each barcode, in points."""
    return [float(m) for content in contents(file) for m, _ in BARCODE.findall(content)]


def _unescaped(match: re.Match[bytes]) -> bytes:
    digits = match[1]
    return bytes([int(digits, 8)]) if len(digits) == 3 else digits


def _scanned(bars: list[tuple[float, float]]) -> str:
    """The value of a Code 128, with its check digit verified."""
    widths, end = "", 0.0
    for x, width in bars:
        widths += (f"{x - end:.0f}" if widths else "") + f"{width:.0f}"
        end = x + width
    assert widths.endswith(STOP)
    symbols = re.findall("......", widths.removesuffix(STOP))
    start, *values, check = map(CODE_128.index, symbols)
    assert (start + sum(i * value for i, value in enumerate(values, 1))) % 103 == check
    in_c, text = {START_B: False, START_C: True}[start], ""
    for value in values:
        if value == (TO_B if in_c else TO_C):
            in_c = not in_c
        else:
            text += f"{value:02}" if in_c else chr(value + 32)
    return text
