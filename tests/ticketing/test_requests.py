"""What is wrong with a request is told field by field, in both languages; the store is asked about the token alone."""

import inspect
import logging

import marshmallow as ma
import pytest
from examples import VISITOR_SECRET
from flask.testing import FlaskClient

from services.kernel import tokens
from services.kernel.access import Heard
from services.ticketing.api import schemas
from services.ticketing.app import create_app

MALL = "/ticketing/api/malls/pekalongan"
REASON = {"reason": "Listrik padam"}
BLANK = {"id": "Wajib diisi.", "en": "This is required."}
LONG_64 = {"id": "Paling panjang 64 huruf.", "en": "At most 64 characters."}
LONG_10 = {"id": "Paling panjang 10 huruf.", "en": "At most 10 characters."}
LONG_200 = {"id": "Paling panjang 200 huruf.", "en": "At most 200 characters."}
FROM_1_TO_64 = {"id": "Panjangnya harus 1 sampai 64 huruf.", "en": "Must be 1 to 64 characters long."}
FROM_1_TO_30 = {"id": "Panjangnya harus 1 sampai 30 huruf.", "en": "Must be 1 to 30 characters long."}
FROM_3_TO_200 = {"id": "Panjangnya harus 3 sampai 200 huruf.", "en": "Must be 3 to 200 characters long."}
LONG_40 = {"id": "Paling banyak 40 karakter.", "en": "At most 40 characters."}
UNPRINTABLE = {
    "id": "Berisi karakter yang tidak dapat dicetak.",
    "en": "Contains characters that cannot be printed.",
}
FAR = {"id": "Harus antara tahun 2000 dan 2199.", "en": "Must be between the years 2000 and 2199."}
BACKWARDS = {"id": "Tidak boleh sebelum hari pertama.", "en": "Must not be before the first day."}
AT_MOST_20 = {"id": "Paling banyak 20.", "en": "At most 20."}
NO_LIST = {"id": "Harus berupa daftar.", "en": "Must be a list."}
NO_TEXT = {"id": "Harus berupa teks.", "en": "Must be text."}
NO_NUMBER = {"id": "Harus berupa bilangan bulat.", "en": "Must be a whole number."}
NULL = {"id": "Tidak boleh kosong.", "en": "Must not be empty."}
UNKNOWN = {"id": "Isian ini tidak dikenal.", "en": "Unknown field."}
NO_DATE = {
    "id": "Bukan tanggal yang sah. Tulis tahun-bulan-hari, misalnya 2026-11-24.",
    "en": "Not a valid date. Write year-month-day, such as 2026-11-24.",
}
NO_MOMENT = {"id": "Bukan tanggal dan jam yang sah.", "en": "Not a valid date and time."}
NO_ZONE = {
    "id": "Tulis tanggal dan jam beserta zonanya, misalnya 2026-11-24T09:00+07:00.",
    "en": "Write date and time with their zone, such as 2026-11-24T09:00+07:00.",
}


def one_of(*choices: str) -> dict[str, str]:
    listed = ", ".join(choices)
    return {"id": f"Pilih salah satu dari: {listed}.", "en": f"Must be one of: {listed}."}


def between(least: int, most: int) -> dict[str, str]:
    return {"id": f"Harus antara {least} dan {most}.", "en": f"Must be between {least} and {most}."}


CLOSURE = {"scope": "mall", **REASON}
RULE = {"rule": "fifo", **REASON}
WRONG = [
    ("POST", "tickets", {}, "service", BLANK),
    ("POST", "tickets", {"service": "KTP", "priority": ""}, "priority", FROM_1_TO_30),
    ("POST", "tickets", {"service": "KTP", "priority": 3}, "priority", NO_TEXT),
    ("POST", "tickets", {"service": "KTP", "beside": "x" * 65}, "beside", LONG_64),
    ("POST", "tickets", {"service": "KTP", "beside": None}, "beside", NULL),
    ("POST", "tickets", {"service": "x" * 65}, "service", FROM_1_TO_64),
    ("POST", "bookings", {"service": "KTP"}, "day", BLANK),
    ("POST", "bookings", {"service": "KTP", "day": "besok"}, "day", NO_DATE),
    ("POST", "bookings", {"service": "KTP", "day": "2026-02-30"}, "day", NO_DATE),
    ("POST", "counters/G02/calls", {"ticket": "x" * 65}, "ticket", LONG_64),
    ("POST", "counters/G02/calls", {"reason": "x" * 201}, "reason", LONG_200),
    ("POST", "counters/G02/calls", {"number": "B-001"}, "number", UNKNOWN),
    ("POST", "counters/G02/walk-ins", {"service": "KTP", "reason": "x" * 201}, "reason", LONG_200),
    ("POST", "counters/G02/pause", {"reason": "x"}, "reason", FROM_3_TO_200),
    ("POST", "tickets/x/completion", {"result": "assumed"}, "result", one_of("done", "incomplete", "referred")),
    ("POST", "tickets/x/completion", {"also": "KK"}, "also", NO_LIST),
    ("POST", "tickets/x/completion", {"also": ["KK"] * 21}, "also", AT_MOST_20),
    ("POST", "tickets/x/completion", {"also": ["KK", ""]}, "also.1", FROM_1_TO_64),
    ("POST", "tickets/x/hold", {}, "reason", BLANK),
    ("POST", "tickets/x/resumption", {"counter": "x" * 11}, "counter", LONG_10),
    ("POST", "tickets/x/transfer", {"service": "SIM", "counter": "x" * 11}, "counter", LONG_10),
    ("POST", "tickets/x/transfer", {"service": "SIM", "note": "x" * 201}, "note", LONG_200),
    ("POST", "stop", {"reason": "x" * 201}, "reason", FROM_3_TO_200),
    ("PUT", "rule", {"rule": "lottery", **REASON}, "rule", one_of("ratio", "strict", "fifo")),
    ("PUT", "rule", {**RULE, "in_a_row": 0}, "in_a_row", between(1, 20)),
    ("PUT", "rule", {**RULE, "in_a_row": "dua"}, "in_a_row", NO_NUMBER),
    ("PUT", "rule", {**RULE, "ceiling_minutes": 601}, "ceiling_minutes", between(1, 600)),
    ("POST", "closures", {"scope": "floor", **REASON}, "scope", one_of("mall", "counter", "service")),
    ("POST", "closures", {**CLOSURE, "code": "x" * 65}, "code", LONG_64),
    ("POST", "closures", {**CLOSURE, "until": "nanti"}, "until", NO_MOMENT),
    ("POST", "closures", {**CLOSURE, "until": "2026-11-24T09:00"}, "until", NO_ZONE),
    ("POST", "closures", {**CLOSURE, "since": "2026-11-24"}, "since", NO_ZONE),
    ("GET", "statistics?to=32", None, "to", NO_DATE),
    ("GET", "statistics?from=kemarin", None, "from", NO_DATE),
    ("GET", "statistics?by=mood", None, "by", one_of("service", "agency", "counter", "class", "hour", "day")),
    ("GET", "statistics?format=pdf", None, "format", one_of("json", "csv")),
    ("GET", "statistics?from=2026-11-24&to=2026-11-23", None, "to", BACKWARDS),
    ("POST", "stop", {"reason": "   "}, "reason", FROM_3_TO_200),
    ("POST", "stop", {"reason": "Alarm\u202ekebakaran"}, "reason", UNPRINTABLE),
    ("POST", "stop", {"reason": "Alarm\x1b kebakaran"}, "reason", UNPRINTABLE),
    ("POST", "closures", CLOSURE | {"since": "9999-12-31T23:59:59-14:00"}, "since", FAR),
    ("POST", "closures", CLOSURE | {"until": "0001-01-01T00:00:00+07:00"}, "until", FAR),
    ("DELETE", "closures/counter/G02?id=" + "x" * 41, None, "id", LONG_40),
    ("GET", "days/2026-11-24/audit?format=pdf", None, "format", one_of("json", "csv")),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A web process whose store is away, and a supervisor who may do all of this."""
    folder = tmp_path_factory.mktemp("keys")
    tokens.make_keys(folder)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MONGO_URL", "mongodb://127.0.0.1:1/?directConnection=true")
        environment.setenv("TOKEN_PUBLIC_KEY_FILE", str(folder / "token_public.pem"))
        environment.setenv("VISITOR_SECRET", VISITOR_SECRET)
        environment.setattr(Heard, "revoked", lambda *_: False)  # whether a token is good is asked of the store
        client = create_app().test_client()
    logging.getLogger().handlers.clear()
    token = tokens.mint((folder / "token_private.pem").read_bytes(), name="Ibu Sri", role="supervisor")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(("method", "path", "body", "field", "told"), WRONG)
def test_a_wrong_field_is_named_and_explained(client, method, path, body, field, told, language):
    answer = client.open(f"{MALL}/{path}", method=method, json=body, headers={"Accept-Language": language})
    assert (answer.status_code, answer.json["reason"]) == (422, "invalid")
    found = answer.json["errors"]
    for part in field.split("."):
        found = found[part]
    assert found == [told[language]]


def test_every_rule_for_a_field_of_a_request_is_tried_above():
    """A message in a library's own English would be a field that nobody wrote words for."""
    tried = {field.partition(".")[0] for *_, field, _ in WRONG}
    requests = [kind for _, kind in inspect.getmembers(schemas, inspect.isclass) if issubclass(kind, ma.Schema)]
    asked = {
        field.data_key or name for kind in requests if not kind.__name__.endswith("Out") for name, field in fields(kind)
    }
    assert asked - tried == set()


def fields(kind: type[ma.Schema]) -> list[tuple[str, ma.fields.Field]]:
    return list(kind._declared_fields.items())
