"""What no person would write into an address, a query or a header is refused in words, on every route."""

from typing import ClassVar
from urllib.parse import quote

import pytest
from werkzeug.datastructures import ImmutableMultiDict

HOSTILE = {
    "a NUL": "%00",
    "text with a NUL": "G02%00.json",
    "half a character": "%ED%A0%80",
    "bytes that are no text": "%FF%FE",
    "a very long part": "x" * 8000,
    "a very long number": "9" * 5000,
    "a negative number": "-1",
    "an operator of the database": quote('{"$gt": ""}'),
    "a path upwards": "..%2F..%2Fetc%2Fpasswd",
    "the first day there is": "0001-01-01",
    "a ticket of the first day": "00010101-AAAAAAAAAAAAAAAAAAAAAA",
    "the last day there is": "9999-12-31",
    "a ticket of the last day": "99991231-AAAAAAAAAAAAAAAAAAAAAA",
    "a booking of the last day": "99991231-bAAAAAAAAAAAAAAAAAAAAAA",
    "a week for a day": "2026-W48-2",
    "digits of another script": quote("٢٠٢٦-١١-٢٤"),
    "a template": quote("{{7*7}}{request}%s"),
    "a line break": "a%0D%0ASet-Cookie:%20x=1",
}
OF_PARTS_ALONE = ("text with a NUL", "a path upwards", "a ticket of the first day", "a ticket of the last day")
OF_PARTS_ALONE += ("a booking of the last day", "a week for a day")
IN_QUERIES = {name: hostile for name, hostile in HOSTILE.items() if name not in OF_PARTS_ALONE}
REAL = {"mall": "pekalongan", "counter": "G02", "day": "2026-11-24", "scope": "counter", "code": "G02"}
QUERIES = ("q", "service", "from", "to", "by", "format", "limit", "priority", "lang", "v")
HEADERS = ("Idempotency-Key", "Accept-Language", "X-Request-Id", "Cookie", "Authorization", "X-Forwarded-For", "Host")
READ: dict[tuple[str, str], set[str]] = {}  # by service and path: the names that are read of an empty query


def routes(app):
    """Every route with its methods, but the files."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def is_told_plainly(answer, path):
    assert answer.status_code < 500, (path[:200], answer.text[:500])
    assert "Set-Cookie: x" not in str(answer.headers)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", path[:200]
        assert answer.json["status"] == answer.status_code
    answer.close()


def addresses(rule, hostile):
    """The route's address with each of its parts in turn replaced."""
    for replaced in sorted(rule.arguments):
        parts = {name: hostile if name == replaced else REAL.get(name, "x") for name in rule.arguments}
        path = rule.rule.replace("<path:", "<")
        for name, part in parts.items():
            path = path.replace(f"<{name}>", part)
        yield path


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("service", ["catalog", "ticketing", "live", "notifications"])
def test_a_hostile_part_of_an_address_is_refused_in_words(houses, service, hostile):
    client, app = houses.client(service), houses.apps[service]
    staff = houses.bearer("supervisor", mall="")
    for rule in routes(app):
        for path in addresses(rule, hostile):
            if path.startswith("/ticketing/live/"):
                path = path.replace("pekalongan", "batang")  # a stream that begins does not end
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                body = {"json": {}} if method in ("POST", "PUT") else {}
                is_told_plainly(client.open(path, method=method, headers=staff, **body), path)


class Query(ImmutableMultiDict):
    """A query that records which of its names were read."""

    names: ClassVar[set[str]] = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)

    def __contains__(self, name):
        self.names.add(name)
        return super().__contains__(name)

    def getlist(self, name, *how):
        self.names.add(name)
        return super().getlist(name, *how)


@pytest.fixture
def names_read(houses, monkeypatch):
    """The names that were read of the queries since the test began."""
    for app in houses.apps.values():
        monkeypatch.setattr(app.request_class, "parameter_storage_class", Query)
    Query.names.clear()
    return Query.names


@pytest.mark.parametrize("hostile", IN_QUERIES.values(), ids=IN_QUERIES)
@pytest.mark.parametrize("service", ["catalog", "ticketing", "notifications"])
def test_a_hostile_query_is_refused_in_words_or_passed_over(houses, names_read, service, hostile):
    """Some names are tried together, then each that the route reads alone: among others, it may not be reached."""
    client, staff = houses.client(service), houses.bearer("supervisor", mall="")
    for rule in routes(houses.apps[service]):
        if "GET" in rule.methods and not rule.rule.startswith("/ticketing/live"):
            (path,) = list(addresses(rule, REAL.get(min(rule.arguments), "x")))[:1] if rule.arguments else (rule.rule,)
            names_read.clear()
            together, tried = "&".join(f"{name}={hostile}" for name in QUERIES), set()
            is_told_plainly(client.get(f"{path}?{together}", headers=staff), path)
            if (service, path) not in READ:
                is_told_plainly(client.get(path, headers=staff), path)
                READ[service, path] = set(names_read)
            names_read.update(READ[service, path])
            while untried := names_read - tried:
                tried.add(name := min(untried))
                asked = f"{path}?{name}={hostile}"
                is_told_plainly(client.get(asked, headers=staff), asked)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(
    "hostile", ["x" * 8000, "\xff\xfe", '"', "a,b;q=nan", "lang=\xed", "Bearer \xff", "Bearer a.b.c", "::1, x"]
)
def test_a_hostile_header_is_refused_in_words_or_passed_over(houses, header, hostile):
    client = houses.client()
    for path in ("/ticketing/api/malls/pekalongan/hall", "/ticketing/malls/pekalongan/kiosk"):
        is_told_plainly(client.get(path, headers={header: hostile}), f"{path} {header}")
    asked = client.post("/ticketing/api/malls/pekalongan/tickets", json={"service": "NONE"}, headers={header: hostile})
    is_told_plainly(asked, header)
