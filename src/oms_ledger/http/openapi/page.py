"""The page that shows the API, and the document that it shows. The page loads nothing from other
origins, so that it works without the internet."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files

import orjson
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.http.endpoint import SECURITY
from oms_ledger.http.openapi.parts import Json

PATH = "/docs"
DOCUMENT_PATH = "/openapi.json"

PAGE = files("oms_ledger.http.openapi").joinpath("page.html").read_bytes()


def _digest(element: str) -> str:
    """The hash by which a content security policy names an inline element."""
    match = re.search(rb"<%b>(.*?)</%b>" % (element.encode(), element.encode()), PAGE, re.DOTALL)
    assert match is not None, f"the page has no {element}"
    return f"'sha256-{b64encode(sha256(match[1]).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {_digest('script')}; style-src {_digest('style')};"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page may run its own script and connect to its own origin."""


def document_handler(make: Callable[[], Json]) -> Callable[[Request], Awaitable[Response]]:
    """Answers with the OpenAPI document, which is made and rendered once."""
    render = cache(lambda: orjson.dumps(make()))

    async def handler(request: Request) -> Response:
        answer = Response(render(), media_type="application/json")
        answer.raw_headers += SECURITY
        return answer

    return handler


async def page(request: Request) -> Response:
    answer = Response(PAGE, media_type="text/html")
    answer.raw_headers += [h for h in SECURITY if h[0] != b"content-security-policy"]
    answer.raw_headers.append((b"content-security-policy", POLICY.encode()))
    return answer
