"""Languages: which one a request is answered in, and what templates need to write in it."""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, request

from services.chassis.assets import Assets
from services.chassis.origin import HOST_PREFIX
from services.chassis.words import DEFAULT, Words


def language() -> str:
    """The language to answer in: for the API what `Accept-Language` asks, for pages the reader's choice."""
    words: Words = current_app.extensions["words"]
    if is_for_programs():
        return words.choose(request.headers.get("Accept-Language", DEFAULT))
    return words.choose(request.args.get("lang") or request.cookies.get(_language_cookie()) or DEFAULT)


def text(key: str, **params: object) -> str:
    """A text in the language of the request."""
    words: Words = current_app.extensions["words"]
    return words.text(language(), key, **params)


def is_for_programs() -> bool:
    """Return whether this request is of the API, which answers programs."""
    return ("/api/" in request.path or "/live/" in request.path) and not request.path.endswith("/api/docs")


def is_page_wanted() -> bool:
    """Return whether a browser asks for a page."""
    return not is_for_programs() and bool(request.accept_mimetypes.accept_html)


def _language_cookie() -> str:
    """The name of the cookie: unlike a session, a language is kept over plain http from other machines too."""
    return f"{HOST_PREFIX}lang" if request.is_secure else "lang"


def remember(response: Response) -> None:
    """Keep the language of this request in a cookie of the reader's browser, for a year."""
    secure = request.is_secure
    response.set_cookie(_language_cookie(), language(), max_age=31536000, samesite="Lax", httponly=True, secure=secure)


def register(app: Flask, words: Words, assets: Assets) -> None:
    """Give the app its texts, and its templates what they write with: texts, languages, addresses of static files."""
    app.extensions["words"] = words

    @app.context_processor
    def _globals() -> dict[str, Any]:
        chosen = language()
        return {
            "lang": chosen,
            "languages": words.languages,
            "name_of": lambda code: words.text(code, "language.name"),
            "t": lambda key, **params: words.text(chosen, key, **params),
            "words": lambda prefix: words.beginning(chosen, prefix),
            "in_language": lambda other: f"?{urlencode({'lang': other, **_asked()})}",
            "static": assets.address,
            "script": assets.script,
        }


def _asked() -> dict[str, str]:
    """What the page was asked for, without the language."""
    return {name: value for name, value in request.args.items() if name != "lang"}
