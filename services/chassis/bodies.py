"""Request bodies: how large they may be, and which ones are refused before a route reads them."""

import json
import re
from collections.abc import Callable

from flask import current_app, request
from werkzeug.exceptions import BadRequest

from services.chassis.routes import View

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # half a character, as JSON can spell it
LONG_NUMBER = re.compile(rb"\d{4300}")  # Python's reader gives up at such an integer, which no JSON error names
DEEP = 400  # brackets that open; Python's reader gives up at a thousand levels


def takes(largest: int) -> Callable[[View], View]:
    """Declare that this route takes bodies of so many bytes; others take 64 kB."""

    def mark(view: View) -> View:
        view.largest = largest  # type: ignore[attr-defined]
        return view

    return mark


def limit_size(view: Callable[..., object]) -> None:
    """Let this request's body be as large as its route declares, or else as all others."""
    request.max_content_length = getattr(view, "largest", current_app.config["MAX_CONTENT_LENGTH"])


def must_be_readable() -> None:
    """Refuse a body that cannot be read, stored or answered: half characters, too deep, integers of 4,300 digits."""
    body = request.get_data()
    if SURROGATE.search(body) or body.count(b"[") + body.count(b"{") > DEEP or LONG_NUMBER.search(body):
        try:
            json.dumps(json.loads(body) if request.is_json else None, ensure_ascii=False).encode()
        except (ValueError, RecursionError):  # UnicodeEncodeError is a ValueError; so is an integer that is too long
            raise BadRequest() from None
