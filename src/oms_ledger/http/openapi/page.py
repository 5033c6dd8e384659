"""The page that shows the API. It loads nothing from other origins, so that it works without the
internet."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.http.endpoint import SECURITY

PATH = "/docs"

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


async def page(request: Request) -> Response:
    answer = Response(PAGE, media_type="text/html")
    answer.raw_headers += [h for h in SECURITY if h[0] != b"content-security-policy"]
    answer.raw_headers.append((b"content-security-policy", POLICY.encode()))
    return answer
