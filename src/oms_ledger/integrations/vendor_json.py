"""Reads the JSON of vendors as `msgspec` types, in any number of threads.

`msgspec` describes a type to itself when it is first read. While one thread does, another that
reads the same type, or one with it as a field, sees half of the description: msgspec 0.22 then ends
the process (SIGSEGV). So descriptions are made one at a time."""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

_decoders: dict[type, msgspec.json.Decoder[Any]] = {}
_decoders_lock = Lock()


def decode(text: bytes | msgspec.Raw, kind: type[T]) -> T:
    """`msgspec.DecodeError` where a text is no JSON, or not of this type; `UnicodeDecodeError`
    where it is not UTF-8."""
    return cast("T", _decoder(kind).decode(text))


def convert(value: object, kind: type[T]) -> T:
    """The same of JSON that was read already: objects as dicts. `msgspec.ValidationError`."""
    _decoder(kind)
    return msgspec.convert(value, kind)


def _decoder(kind: type) -> msgspec.json.Decoder[Any]:
    decoder = _decoders.get(kind)
    if decoder is None:
        with _decoders_lock:
            decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder
