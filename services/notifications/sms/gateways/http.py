"""The gateway that is described rather than written: how to ask over HTTP, and how to read what it answers.

The providers that come along (`providers`) are such descriptions; an operator can write one more, as a JSON file.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPResponse
from string import Formatter
from typing import Any
from urllib.parse import quote, urlencode

from cattrs import Converter
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError
from cattrs.v import transform_error

from services.notifications.exchange import NotReached, Target, asked, in_a_word
from services.notifications.sms.gateways.gateway import CertainlyNotSent, Rejected, Text

OF_A_TEXT = ("to", "to_digits", "to_local", "text", "reference", "report_url")
LARGEST = 65536  # bytes of an answer that are looked at
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Words:
    """A word at a path in the answer, and what it may say there."""

    path: str
    accepted: Sequence[str]
    rejected: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """How a provider says later what became of a text: the path of the word in what it sends, and what it may say."""

    path: str
    delivered: Sequence[str]
    failed: Sequence[str]

    def read(self, sent: Any) -> bool | None:
        """Whether the text was delivered; None while that is open."""
        said = at(sent, self.path)
        return True if said in self.delivered else False if said in self.failed else None


@dataclass(frozen=True)
class Description:
    """How to hand a text to a gateway over HTTP.

    Text anywhere in `url`, `headers`, `query`, `form` and `body` (JSON) may hold {to} (+62812…), {to_digits} (62812…),
    {to_local} (0812…), {text}, {reference}, {report_url} and the `settings` by their names. What is left empty by them
    is left out. An answer with a status of `accepted` means yes, unless `words` says otherwise; one of `rejected` that
    this text will never be taken, one of `not_sent` that it was not sent; any other leaves it unknown.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    password: str = ""
    settings: Sequence[str] = ()
    accepted: Sequence[int] = (200, 201, 202)
    rejected: Sequence[int] = (400, 422)
    not_sent: Sequence[int] = (401, 402, 403, 404, 405, 429, 503)
    words: Words | None = None
    id: str = ""
    report: Report | None = None


class Misdescribed(ValueError):
    """A description that cannot be used; says why."""


_converter = Converter(forbid_extra_keys=True)


def described(document: str) -> Description:
    """A description from JSON. Raises `Misdescribed`."""
    try:
        found = _converter.structure(json.loads(document), Description)
    except json.JSONDecodeError as error:
        raise Misdescribed(f"is no JSON: {error}") from error
    except (ClassValidationError, ForbiddenExtraKeysError, TypeError, ValueError) as error:
        raise Misdescribed("; ".join(transform_error(error))) from error
    try:
        named = _names([found.url, found.headers, found.query, found.form, found.body, found.user, found.password])
    except ValueError as error:
        raise Misdescribed(str(error)) from error
    if unknown := sorted(named - {*OF_A_TEXT, *found.settings}):
        raise Misdescribed(f"there is no {', '.join(f'{{{name}}}' for name in unknown)}; name it in settings")
    try:
        Target.of(_filled(found.url, dict.fromkeys(named, "1")))
    except ValueError as error:
        raise Misdescribed(f"url {error}") from error
    return found


class HttpGateway:
    """Hands texts over as a description says."""

    def __init__(
        self,
        description: Description,
        settings: Mapping[str, str],
        connect_seconds: float = 3,
        read_seconds: float = 10,
    ) -> None:
        self._described, self._settings = description, settings
        self._connecting, self._seconds = connect_seconds, connect_seconds + read_seconds

    def send(self, text: Text) -> str:
        """Ask the gateway to send the text."""
        how, values = self._described, {**self._settings, **_of(text)}
        try:
            target, headers, body = _request(how, values)
        except ValueError as error:
            raise CertainlyNotSent("unreachable") from error
        try:
            with asked(
                target, how.method, headers, body, connecting=self._connecting, seconds=self._seconds
            ) as response:
                return self._understood(response)
        except NotReached as error:
            raise CertainlyNotSent(in_a_word(error.__cause__)) from error

    def _understood(self, response: HTTPResponse) -> str:
        how, reason = self._described, f"status {response.status}"
        if response.status in how.rejected:
            raise Rejected(reason)
        if response.status in how.not_sent:
            raise CertainlyNotSent(reason)
        if response.status not in how.accepted:
            raise RuntimeError(reason)
        said = _json(response.read(LARGEST)) if how.words or how.id else None
        if how.words:
            _must_say_yes(at(said, how.words.path), how.words)
        return at(said, how.id) if how.id else ""


def _of(text: Text) -> dict[str, str]:
    return {
        "to": text.phone,
        "to_digits": text.phone.removeprefix("+"),
        "to_local": text.phone.replace("+62", "0", 1),
        "text": text.text,
        "reference": text.reference,
        "report_url": text.report_url,
    }


def _request(how: Description, values: Mapping[str, str]) -> tuple[Target, dict[str, str], bytes]:
    """What to ask for, and with what. Raises `ValueError` where that cannot be said in HTTP."""
    url = _filled(how.url, {name: quote(value, "") if name in OF_A_TEXT else value for name, value in values.items()})
    if query := _filled(how.query, values):
        url += ("&" if "?" in url else "?") + urlencode(query)
    headers, body = _filled(how.headers, values), b""
    if form := _filled(how.form, values):
        headers, body = {"Content-Type": FORM, **headers}, urlencode(form).encode()
    elif document := _filled(how.body, values):
        headers, body = {"Content-Type": JSON, **headers}, json.dumps(document).encode()
    if how.user:
        login = f"{_filled(how.user, values)}:{_filled(how.password, values)}"
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    return Target.of(url), headers, body


def _must_say_yes(said: str, words: Words) -> None:
    if said in words.rejected:
        raise Rejected(f"answered {said[:40]}")
    if said not in words.accepted:
        raise CertainlyNotSent(f"answered {said[:40]}") if said else RuntimeError("an answer without the word")


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        return None


def at(document: Any, path: str) -> str:
    """The word at a path such as `messages.0.status.groupName`; empty where there is none."""
    for step in path.split("."):
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, Sequence) and not isinstance(document, str) and step.isdecimal():
            document = document[int(step)] if int(step) < len(document) else None
        else:
            return ""
    return "" if document is None or isinstance(document, dict | list) else str(document)


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """The template with its values; in objects, what is empty then is left out."""
    match template:
        case str():
            return template.format_map(values)
        case Mapping():
            found = {name: _filled(inner, values) for name, inner in template.items()}
            return {name: value for name, value in found.items() if value not in ("", {})}
        case list() | tuple():
            return [_filled(inner, values) for inner in template]
        case _:
            return template


def _names(template: Any) -> set[str]:
    match template:
        case str():
            return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
        case Mapping():
            return set().union(*map(_names, template.values()))
        case list() | tuple():
            return set().union(*map(_names, template))
        case _:
            return set()
