"""What every web process does alike: problems, who may ask, request ids, languages, health."""

import json
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import marshmallow as ma
import pytest
from flask import Blueprint as PlainBlueprint
from flask import g
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf

from services.chassis import event_store, web
from services.chassis.decider import StoreUnavailable
from services.chassis.errors import Refused
from services.chassis.event_store import EventStore, connect
from services.chassis.routes import allow, public
from services.chassis.words import Words
from services.kernel import guard, tokens
from services.kernel.app import make_app
from services.kernel.tokens import Verifier

HOUSE = "ticketing"  # any service's folder will do: its words and pages are looked for there
OPENING = datetime(2026, 11, 25, 8, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
HTML = {"Accept": "text/html,application/xhtml+xml"}
ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}
SORRY = "Mohon maaf, kami belum dapat melayani Anda sekarang."


class Closed(Refused):
    """Words for it are written already."""


class OtherDay(Refused):
    """So are they for this one."""


class Wish(ma.Schema):
    """What somebody wants."""

    service = ma.fields.String(required=True, validate=Length(1, 64))
    priority = ma.fields.String(load_default=None, allow_none=True, validate=OneOf(["elderly"]))


def api() -> Blueprint:
    blueprint = Blueprint("test", __name__, url_prefix="/ticketing/api")

    @blueprint.get("/closed")
    @public
    def closed():
        raise Closed(next_opening=OPENING)

    @blueprint.get("/closed-for-a-reason")
    @public
    def closed_for_a_reason():
        raise Closed(next_opening=None, why="Listrik padam {besar}")

    @blueprint.get("/another-day")
    @public
    def another_day():
        raise OtherDay(day=OPENING.date())

    @blueprint.get("/away")
    @public
    def away():
        raise StoreUnavailable()

    @blueprint.get("/broken")
    @public
    def broken():
        raise RuntimeError("rahasia")

    @blueprint.get("/nobody-said-who")
    def undeclared():
        return {"secret": True}

    @blueprint.post("/wishes")
    @public
    @blueprint.arguments(Wish())
    def wish(wanted):
        return wanted

    @blueprint.get("/malls/<mall>/counters/<counter>")
    @allow("operator", "supervisor")
    def counter(mall, counter):
        return {"actor": guard.actor().name, "id": g.request_id}

    return blueprint


def pages() -> PlainBlueprint:
    blueprint = PlainBlueprint("testpages", __name__, url_prefix="/ticketing")

    @blueprint.get("/closed")
    @public
    def closed():
        raise Closed(next_opening=OPENING)

    return blueprint


@pytest.fixture(scope="module")
def private(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("keys")
    tokens.make_keys(folder)
    return (folder / "token_private.pem").read_bytes()


@pytest.fixture(scope="module")
def client(private):
    return app_with(private, {}).test_client()


def app_with(private: bytes, ready):
    public = tokens.OKPKey.import_key(private).as_pem(private=False).decode()
    return make_app(HOUSE, Verifier(public), [api(), pages()], ready, "MPP test")


def bearer(private: bytes, role: str = "operator", days: float = 1, **scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.mint(private, name='Ibu Sri', role=role, days=days, **scope)}"}


def test_a_refusal_is_a_problem_document_in_indonesian(client):
    answer = client.get("/ticketing/api/closed")
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "urn:mpp:problem:closed",
        "title": "Saat ini tutup",
        "status": 409,
        "detail": f"{SORRY} Buka kembali: Rabu 25 November, 08.00.",
        "reason": "closed",
        "request_id": answer.headers["X-Request-Id"],
        "next_opening": "2026-11-25T08:00:00+07:00",
    }


def test_a_refusal_is_told_in_english_to_who_asks_for_it(client):
    told = client.get("/ticketing/api/closed", headers=ENGLISH).json
    assert told["title"] == "Closed now"
    assert told["detail"].endswith("Next opening: Wednesday 25 November, 08.00.")
    assert (told["reason"], told["next_opening"]) == ("closed", "2026-11-25T08:00:00+07:00")


def test_a_reason_that_somebody_gave_is_told_and_what_is_not_known_is_said_to_be_so(client):
    told = client.get("/ticketing/api/closed-for-a-reason").json
    assert told["detail"] == f"{SORRY} Buka kembali: belum diketahui. Alasan: Listrik padam {{besar}}"
    assert (told["next_opening"], told["why"]) == (None, "Listrik padam {besar}")


@pytest.mark.parametrize(("headers", "day"), [({}, "Rabu 25 November"), (ENGLISH, "Wednesday 25 November")])
def test_a_date_is_told_as_people_say_it(client, headers, day):
    told = client.get("/ticketing/api/another-day", headers=headers).json
    assert day in told["detail"]
    assert told["day"] == "2026-11-25"


def test_who_asks_for_another_language_is_answered_in_indonesian(client):
    told = client.get("/ticketing/api/closed", headers={"Accept-Language": "fr-FR,fr;q=0.9"}).json
    assert told["title"] == "Saat ini tutup"


def test_who_asks_for_a_page_gets_the_problem_as_one(client):
    answer = client.get("/ticketing/closed", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert "Saat ini tutup" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_page_is_in_the_language_its_reader_chose_and_remembers_it(private):
    client = app_with(private, {}).test_client()
    chosen = client.get("/ticketing/closed?lang=en", headers=HTML)
    assert "Closed now" in chosen.text
    assert "Closed now" in client.get("/ticketing/closed", headers=HTML).text
    assert client.get("/ticketing/api/closed").json["title"] == "Saat ini tutup"


def test_a_page_offers_every_other_language_that_there_is_a_file_for(private, monkeypatch, tmp_path):
    (tmp_path / "jv.json").write_text(json.dumps({"language.name": "Basa Jawa", "skip": "Langsung menyang isi"}))
    monkeypatch.setattr(web, "Words", lambda folders: Words([*folders, tmp_path]))
    client = app_with(private, {}).test_client()
    page = client.get("/ticketing/closed?paper=58", headers=HTML).text
    assert '<a class="language" href="?lang=jv&amp;paper=58" lang="jv" hreflang="jv">Basa Jawa</a>' in page
    assert '<a class="language" href="?lang=en&amp;paper=58" lang="en" hreflang="en">English</a>' in page
    page = client.get("/ticketing/closed?lang=jv", headers=HTML).text
    assert '<html lang="jv"' in page
    assert "Langsung menyang isi" in page
    assert "Saat ini tutup" in page
    assert ">Indonesia</a>" in page
    assert ">Basa Jawa</a>" not in page


def test_a_program_gets_a_document_also_from_a_page(client):
    answer = client.get("/ticketing/closed", headers={"Accept": "application/json"})
    assert answer.mimetype == "application/problem+json"


def test_a_route_that_does_not_say_who_may_use_it_is_used_by_nobody(client, private):
    for headers in ({}, bearer(private, "administrator")):
        answer = client.get("/ticketing/api/nobody-said-who", headers=headers)
        assert (answer.status_code, answer.json["reason"]) == (403, "wrong-role")


def test_a_role_that_is_allowed_is_let_in(client, private):
    answer = client.get("/ticketing/api/malls/pekalongan/counters/G02", headers=bearer(private))
    assert (answer.status_code, answer.json["actor"]) == (200, "Ibu Sri")


@pytest.mark.parametrize("role", sorted(set(tokens.ROLES) - {"operator", "supervisor"}))
def test_another_role_is_not(client, private, role):
    answer = client.get("/ticketing/api/malls/pekalongan/counters/G02", headers=bearer(private, role))
    assert (answer.status_code, answer.json["reason"]) == (403, "wrong-role")


def test_token_with_a_scope_opens_that_scope(client, private):
    headers = bearer(private, mall="pekalongan", counter="G02")
    assert client.get("/ticketing/api/malls/pekalongan/counters/G02", headers=headers).status_code == 200


@pytest.mark.parametrize(("mall", "counter"), [("batang", "G02"), ("pekalongan", "G03"), ("batang", "G03")])
def test_token_with_a_scope_opens_no_other(client, private, mall, counter):
    headers = bearer(private, mall="pekalongan", counter="G02")
    answer = client.get(f"/ticketing/api/malls/{mall}/counters/{counter}", headers=headers)
    assert (answer.status_code, answer.json["reason"]) == (403, "wrong-scope")


def test_without_a_token_one_is_asked_for(client):
    answer = client.get("/ticketing/api/malls/pekalongan/counters/G02")
    assert (answer.status_code, answer.json["reason"]) == (401, "bad-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_token_opens_nothing(client, private):
    answer = client.get("/ticketing/api/malls/pekalongan/counters/G02", headers=bearer(private, days=-1))
    assert (answer.status_code, answer.json["reason"]) == (401, "bad-token")


def test_a_forged_token_opens_nothing(client, tmp_path):
    tokens.make_keys(tmp_path)
    forged = bearer((tmp_path / "token_private.pem").read_bytes(), "supervisor")
    answer = client.get("/ticketing/api/malls/pekalongan/counters/G02", headers=forged)
    assert (answer.status_code, answer.json["reason"]) == (401, "bad-token")


def test_a_request_id_is_passed_on(client, private):
    headers = {**bearer(private), "X-Request-Id": "gateway-0042:a.b"}
    answer = client.get("/ticketing/api/malls/pekalongan/counters/G02", headers=headers)
    assert answer.headers["X-Request-Id"] == answer.json["id"] == "gateway-0042:a.b"


@pytest.mark.parametrize("given", [None, "", "short", "x" * 65, "with space", "<script>alert(1)</script>", "naïve-id"])
def test_a_request_id_is_made_where_none_came_that_is_fit_for_a_log(client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    made = client.get("/livez", headers=headers).headers["X-Request-Id"]
    assert made != given
    assert web.REQUEST_ID.fullmatch(made)


def test_two_requests_have_two_ids(client):
    assert len({client.get("/livez").headers["X-Request-Id"] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("get", "/ticketing/api/no-such-thing", 404, "not-found"),
        ("get", "/no/such/page", 404, "not-found"),
        ("delete", "/ticketing/api/closed", 405, "method-not-allowed"),
        ("get", "/ticketing/api/wishes", 405, "method-not-allowed"),
        ("get", "/ticketing/static/no-such.js", 404, "not-found"),
    ],
)
def test_what_is_not_there_is_a_problem_too(client, method, path, status, reason):
    answer = client.open(path, method=method.upper(), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (answer.json["reason"], answer.json["status"]) == (reason, status)
    assert answer.json["title"] != f"problem.{reason}.title"


def test_an_unknown_address_is_a_page_for_who_reads_pages(client):
    answer = client.get("/no/such/page", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Tidak ditemukan" in answer.text


def test_a_body_that_is_too_large_is_refused(client):
    body = json.dumps({"service": "x" * 70_000})
    answer = client.post("/ticketing/api/wishes", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["reason"]) == (413, "too-large")


@pytest.mark.parametrize("body", [b"{", b"not json", b"\xff\xfe"])
def test_a_body_that_cannot_be_read_is_refused(client, body):
    answer = client.post("/ticketing/api/wishes", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["reason"]) == (400, "bad-request")


@pytest.mark.parametrize("body", [r'{"service": "\ud83d"}', r'{"service": "\uDE00 A"}', r'{"\ud800": 1}'])
def test_a_body_with_half_a_character_is_refused(client, body):
    answer = client.post("/ticketing/api/wishes", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["reason"]) == (400, "bad-request")


@pytest.mark.parametrize("body", ["[" * 60_000, '{"service":' * 5_000, "[" * 30_000 + "]" * 30_000])
def test_a_body_deeper_than_can_be_read_is_refused(client, body):
    answer = client.post("/ticketing/api/wishes", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["reason"]) == (400, "bad-request")


@pytest.mark.parametrize("text", ["\U0001f600", "Siti \u2013 \u201cgerai dua\u201d", r"\ud83d as text", "a\x00b"])
def test_whole_characters_are_taken_whatever_they_are(client, text):
    answer = client.post("/ticketing/api/wishes", data=json.dumps({"service": text}), content_type="application/json")
    assert answer.json["service"] == text


@pytest.mark.parametrize("body", ["", "null", "[]", '"KTP"'])
def test_a_body_of_another_form_is_refused(client, body):
    answer = client.post("/ticketing/api/wishes", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["reason"]) == (422, "invalid")


def test_a_body_that_is_not_said_to_be_json_is_not_read(client):
    answer = client.post("/ticketing/api/wishes", data='{"service": "KTP"}', content_type="text/plain")
    assert (answer.status_code, answer.json["errors"]) == (422, {"service": ["Wajib diisi."]})


def test_each_wrong_field_is_named_with_a_message_in_indonesian(client):
    answer = client.post("/ticketing/api/wishes", json={"priority": "vip", "extra": 1})
    assert (answer.status_code, answer.json["reason"]) == (422, "invalid")
    assert answer.json["errors"] == {
        "service": ["Wajib diisi."],
        "priority": ["Pilih salah satu dari: elderly."],
        "extra": ["Isian ini tidak dikenal."],
    }


def test_each_wrong_field_is_named_with_a_message_in_english(client):
    answer = client.post("/ticketing/api/wishes", json={"service": "", "priority": 7}, headers=ENGLISH)
    assert answer.json["errors"] == {
        "service": ["Must be 1 to 64 characters long."],
        "priority": ["Must be text."],
    }


def test_what_is_right_is_taken(client):
    answer = client.post("/ticketing/api/wishes", json={"service": "KTP"})
    assert (answer.status_code, answer.json) == (200, {"service": "KTP", "priority": None})


def test_a_surprise_is_answered_without_telling_what_happened(client):
    answer = client.get("/ticketing/api/broken")
    assert (answer.status_code, answer.json["reason"]) == (500, "internal")
    assert "rahasia" not in answer.text


def test_who_comes_while_the_database_is_away_is_asked_to_come_back(client):
    answer = client.get("/ticketing/api/away")
    assert (answer.status_code, answer.json["reason"]) == (503, "store-unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/livez", "/ticketing/api/closed", "/no/such/page", "/ticketing/static/app.css"])
def test_every_answer_is_locked_down(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


def test_answers_are_kept_by_nobody_but_files_are(client):
    assert client.get("/ticketing/api/closed").headers["Cache-Control"] == "no-store"
    assert client.get("/ticketing/api/openapi.json").headers["Cache-Control"] == "no-store"
    hashed = client.get("/ticketing/static/app.css?v=0123456789").headers["Cache-Control"]
    assert "max-age=31536000" in hashed, "an address with a hash of the content never changes its content"
    assert client.get("/ticketing/static/app.css").headers["Cache-Control"] == "no-cache"


def test_a_process_lives_and_is_ready_while_its_database_answers(private, store):
    client = app_with(private, {"database": store.ping}).test_client()
    assert (client.get("/livez").status_code, client.get("/readyz").status_code) == (200, 200)
    assert client.get("/readyz").json == {"status": "ok", "failed": {}}


def test_a_process_lives_but_is_not_ready_while_its_database_is_away(private, monkeypatch):
    assert event_store.SELECTION_MS < 5000
    monkeypatch.setattr(event_store, "SELECTION_MS", 50)
    away = EventStore(connect("mongodb://127.0.0.1:1/?directConnection=true", "away"))
    client = app_with(private, {"database": away.ping}).test_client()
    started = time.monotonic()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "failed", "failed": {"database": "ServerSelectionTimeoutError"}}
    assert time.monotonic() - started < 2
    assert client.get("/livez").status_code == 200
