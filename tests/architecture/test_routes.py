"""Every route says who may use it, and every service documents its API."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from examples import CODES, KTP, SIM, VISITOR_SECRET, mall
from flask import Flask
from openapi_spec_validator import validate

import services
from services.chassis.web import OPEN_ENDPOINTS, _roles
from services.kernel.codes import id_of
from services.kernel.tokens import ROLES
from services.ticketing.api.acts import ACTS
from services.ticketing.domain.day.commands import (
    BookPlace,
    CallNext,
    ForceOpen,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
)
from services.ticketing.domain.hours import business_day
from services.ticketing.domain.mall import Bookings
from services.ticketing.presence import Presence
from services.ticketing.queue import Queue, mall_stream
from services.ticketing.survey.domain import ELEMENTS

SERVICES = ("catalog", "ticketing", "notifications")
SUPERVISORS_ACTS = {"end"}  # all other acts at a counter are for its clerk too
# Endpoints by the roles that may use them; all others are for everybody.
STAFF_ONLY = {
    ("operator", "supervisor"): {
        "tickets.get_counter",
        *(f"tickets.{act.name}" for act in ACTS if act.name not in SUPERVISORS_ACTS),
    },
    ("administrator",): {
        "access.list_accounts",
        "access.create_account",
        "access.change_access",
        "access.set_password",
        "access.disable_account",
        "access.enable_account",
        "access.list_tokens",
        "access.issue_token",
        "access.revoke_token",
        "access.revoke_presented",
        "access.link_sign_in",
        "access.unlink_sign_in",
        "access.end_sessions",
        "access.reset_second_factor",
        "access.second_factor_roles",
        "access.require_second_factor",
        "malls.open_mall",
        "administration.change_mall",
        "administration.admit_agency",
        "administration.list_agency",
        "administration.withdraw_agency",
        "administration.suspend_agency",
        "administration.return_agency",
        "administration.list_service",
        "administration.withdraw_service",
        "administration.list_counter",
        "administration.withdraw_counter",
        "administration.export_catalog",
        "administration.import_catalog",
        "texts.word_text",
        "texts.unword_text",
        "texts.switch_text",
        "dead_letters.list_letters",
        "dead_letters.get_letter",
        "dead_letters.replay",
        "dead_letters.discard",
    },
    ("administrator", "supervisor"): {
        "tickets.overview",
        "tickets.force_open",
        "tickets.stop",
        "tickets.resume_day",
        "tickets.change_rule",
        "tickets.close",
        *(f"tickets.{name}" for name in SUPERVISORS_ACTS),
        "tickets.transfer_all",
        "tickets.declare_closure",
        "tickets.lift_closure",
        "notifications.list_messages",
        "texts.list_texts",
    },
    ("administrator", "auditor"): {"administration.mall_history"},
    ("administrator", "device", "supervisor"): {"tickets.show_presence"},
    ("administrator", "auditor", "supervisor"): {"tickets.day_audit", "tickets.verify_day"},
    ("administrator", "agency", "auditor", "operator", "supervisor"): {
        "sessions.change_own_password",
        "sessions.sign_out_everywhere",
        "sessions.list_sessions",
        "sessions.end_one_session",
        "second_factor.status",
        "second_factor.new_recovery_codes",
        "second_factor.remove",
    },
    ("administrator", "agency", "auditor", "supervisor"): {
        "tickets.day_statistics",
        "survey.survey_report",
        "feed.events",
        "live.live_events",
    },
    ("administrator", "agency", "supervisor"): {
        "webhooks.list_webhooks",
        "webhooks.register_webhook",
        "webhooks.get_webhook",
        "webhooks.change_webhook",
        "webhooks.remove_webhook",
        "webhooks.pause_webhook",
        "webhooks.resume_webhook",
        "webhooks.rotate_secret",
        "webhooks.ping_webhook",
        "webhooks.replay_webhook",
        "webhooks.list_attempts",
    },
}

# What fills each page that the navigation of staff leads to.
FILLS = {
    "supervisor": "tickets.overview",
    "report": "tickets.verify_day",
    "audit": "tickets.day_audit",
    "hall": "tickets.overview",  # for everybody; to be led there is for those who look after it
    "statistics": "tickets.day_statistics",
    "survey": "survey.survey_report",
    "messages": "notifications.list_messages",
    "texts": "texts.list_texts",
    "webhooks": "webhooks.list_webhooks",
    "admin": "administration.export_catalog",
    "access": "access.list_accounts",
    "new-mall": "malls.open_mall",
    "dead-letters": "dead_letters.list_letters",
}
NAVIGATION = Path(services.__file__).parent / "kernel/templates/staff_nav.html"

# For staff of any mall; what they answer is bound to the asker's own mall, or is about the asker alone.
WITHOUT_A_MALL = {
    "notifications.list_messages",
    "sessions.change_own_password",
    "sessions.sign_out_everywhere",
    "sessions.list_sessions",
    "sessions.end_one_session",
    "second_factor.status",
    "second_factor.new_recovery_codes",
    "second_factor.remove",
}
# Arguments of routes that name a ticket or booking: what is public, and what is the visitor's own.
IDS, SECRETS = {"ticket_id", "booking_id"}, {"ticket_code", "booking_code"}
OTHER_ARGUMENTS = {  # of public routes; none names a ticket, a booking or a person
    *("mall", "service", "code", "counter", "day", "name", "language", "number"),
    *("gateway", "token"),  # the token of a text's report is made for that text alone
}
# Of what is under tickets and bookings, and what takes the code of a screen.
NAMING_NONE = {"tickets.issue_ticket", "tickets.book", "tickets.bookable_days", "tickets.exchange_code"}
BODIES = {
    "tickets.issue_ticket": {"service": KTP},
    "tickets.book": {"service": KTP, "day": "2026-11-30"},
    "tickets.exchange_code": {"code": "AAAAAA"},
    "survey.answer_survey": {"answers": dict.fromkeys(ELEMENTS, 4)},
    "notifications.leave_phone": {"phone": "0812-3456-7890"},
}
CLERKS_BODIES = {
    "tickets.issue_ticket": {"service": KTP},
    "tickets.book": {"service": KTP, "day": "2026-11-30"},
    "tickets.complete": {},
    "tickets.hold": {"reason": "Fotokopi"},
    "tickets.resume": {"counter": "G03"},
    "tickets.transfer": {"service": SIM},
    "tickets.call": {"reason": "Diminta"},
}
REFUSED = {"notifications.withdraw_phone": 204}  # also where the ticket does not exist; other routes answer 404
VALUES = {"mall": "pekalongan", "counter": "G02", "day": "2026-11-24", "scope": "counter"}


def declared(app) -> dict[str, frozenset[str] | None]:
    """Who may use each endpoint; None where nobody said."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()} - OPEN_ENDPOINTS
    return {endpoint: getattr(app.view_functions[endpoint], "access", None) for endpoint in endpoints}


def test_every_route_declares_who_may_use_it(app):
    access = declared(app)
    assert {"livez", "readyz", "api_docs"} <= set(access)
    assert [endpoint for endpoint, roles in access.items() if roles is None] == []


def test_only_roles_that_tokens_can_have_are_asked_for(app):
    assert set().union(*declared(app).values()) <= set(ROLES)


def test_what_is_for_staff_is_for_nobody_else(apps):
    everything = {endpoint: roles for app in apps.values() for endpoint, roles in declared(app).items()}
    staff = {endpoint: roles for endpoint, roles in everything.items() if roles}
    assert {roles: {e for e in staff if staff[e] == set(roles)} for roles in STAFF_ONLY} == STAFF_ONLY
    assert set(staff) == set().union(*STAFF_ONLY.values())


def test_the_navigation_leads_each_role_to_the_pages_that_it_may_read(apps):
    read = {endpoint: roles for app in apps.values() for endpoint, roles in declared(app).items()}
    leads = re.findall(r"\{\{ to\('([\w-]+)', .*, '([a-z ]+)'(?:, true)?\) \}\}", NAVIGATION.read_text())
    assert {page: set(roles.split()) for page, roles in leads} == {page: read[FILLS[page]] for page in FILLS}


def staff_routes(app) -> list[tuple[str, str, str, frozenset[str]]]:
    """Endpoint, method and an address of each route for staff, and the roles that may use it."""
    addresses = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        roles = getattr(app.view_functions[rule.endpoint], "access", None)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}) if roles else ():
            values = {name: VALUES.get(name, "one") for name in rule.arguments}
            found.append((rule.endpoint, method, addresses.build(rule.endpoint, values, method=method), roles))
    return found


def test_staff_routes_refuse_who_has_no_token_the_wrong_role_or_another_mall(living_apps):
    apps, mint = living_apps
    asked, wrong = set(), []
    for app in apps.values():
        client = app.test_client()
        for endpoint, method, address, roles in staff_routes(app):
            role, other_role = sorted(roles)[0], sorted(set(ROLES) - roles)[0]
            tries = {
                "nobody": ("", 401, "bad-token"),
                "another role": (mint(other_role, mall="pekalongan"), 403, "wrong-role"),
                "another mall": (mint(role, mall="elsewhere"), 403, "wrong-scope"),
            }
            for who, (token, status, reason) in tries.items():
                if who == "another mall" and endpoint in WITHOUT_A_MALL:
                    continue
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                answer = client.open(address, method=method, headers=headers)
                if (answer.status_code, (answer.json or {}).get("reason")) != (status, reason):
                    wrong.append((endpoint, method, who, answer.status_code, answer.text[:80]))
            asked.add(endpoint)
    assert wrong == []
    assert asked == set().union(*STAFF_ONLY.values())


def test_pass_of_presence_opens_no_staff_route(living_apps):
    apps, _ = living_apps
    given = Presence(VISITOR_SECRET).new_pass("pekalongan", datetime.now(UTC)).text
    wrong = []
    for app in apps.values():
        client = app.test_client()
        for endpoint, method, address, _ in staff_routes(app):
            for headers in ({"Presence-Pass": given}, {"Authorization": f"Bearer {given}"}):
                answer = client.open(address, method=method, headers=headers)
                if answer.status_code != 401:
                    wrong.append((endpoint, method, answer.status_code))
    assert wrong == []


def named_things(app) -> list[tuple[str, str, frozenset[str], set[str]]]:
    """Endpoint, method, roles and arguments of each route that names a ticket or a booking."""
    return [
        (rule.endpoint, method, app.view_functions[rule.endpoint].access, rule.arguments & {*IDS, *SECRETS})
        for rule in app.url_map.iter_rules()
        if rule.arguments & {*IDS, *SECRETS} or {"tickets", "bookings"} & set(rule.rule.split("/"))
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.endpoint not in NAMING_NONE
    ]


def test_visitor_routes_take_codes_and_staff_routes_take_ids(apps):
    found = [one for app in apps.values() for one in named_things(app)]
    wrong = [
        (endpoint, method)
        for endpoint, method, roles, arguments in found
        if not arguments or (arguments <= IDS if not roles else arguments <= SECRETS)
    ]
    assert wrong == []
    assert len(found) > 20


def test_no_visitor_route_accepts_a_public_id(living_apps, store):
    """Each public route that names a ticket or a booking takes its code, and refuses its public id."""
    apps, mint = living_apps
    things, before, asked, wrong = issued_now(store), records(store), set(), []
    for app in apps.values():
        addresses, client = app.url_map.bind("localhost"), app.test_client()
        for endpoint, method, roles, arguments in named_things(app):
            if roles:
                continue
            (named,) = arguments
            code, public = things[named]
            staff = () if method == "GET" else ("operator", "supervisor", "administrator")  # they read by id
            tries = [(public, role) for role in ("", "device", "agency", "auditor", *staff)]
            for thing, role in [*tries, (code, "")] if method == "GET" else tries:
                headers = {"Authorization": f"Bearer {mint(role, mall='pekalongan')}"} if role else {}
                address = addresses.build(endpoint, {"mall": "pekalongan", named: thing}, method=method)
                answer = client.open(address, method=method, json=BODIES.get(endpoint), headers=headers)
                if answer.status_code != (200 if thing == code else REFUSED.get(endpoint, 404)):
                    wrong.append((endpoint, method, thing, role, answer.status_code, answer.text[:80]))
            asked.add(endpoint)
    assert wrong == []
    assert records(store) == before
    assert asked >= {
        *BODIES.keys() - NAMING_NONE,
        *REFUSED,
        "tickets.cancel",
        "tickets.check_in",
        "tickets.cancel_booking",
        "pages.ticket",
    }


def test_arguments_of_public_routes_are_listed(apps):
    """A new one that names a ticket or booking in another way has to be named above, and is then walked."""
    found = {
        argument
        for app in apps.values()
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "access", None) == frozenset()
        for argument in rule.arguments
    }
    assert found <= SECRETS | OTHER_ARGUMENTS


def text_fields(document, path: str, method: str) -> set[str]:
    """The fields of a request's body that take a text."""
    bodies = document["paths"].get(path, {}).get(method.lower(), {}).get("requestBody", {}).get("content", {})
    references = [body["schema"].get("$ref", "").rpartition("/")[2] for body in bodies.values()]
    schemas = [document["components"]["schemas"].get(name, {}) for name in references]
    fields = [field for schema in schemas for field in schema.get("properties", {}).items()]
    return {name for name, field in fields if "string" in field.get("type", "")}


def test_no_field_of_a_public_route_accepts_a_public_id(living_apps, store):
    """Such as `beside`, which takes the code of another ticket."""
    apps, _ = living_apps
    (code, public), asked, wrong = issued_now(store)["ticket_code"], set(), []
    before, mall_and_code = records(store), {"mall": "pekalongan", "ticket_code": code, "booking_code": code}
    for service in ("ticketing", "notifications"):
        client, addresses = apps[service].test_client(), apps[service].url_map.bind("localhost")
        document = client.get(f"/{service}/api/openapi.json").json
        for (method, path), roles in _roles(apps[service]).items():
            for field in text_fields(document, path, method) if not roles else ():
                endpoint, _ = addresses.match(path.format(**mall_and_code), method)
                body = BODIES[endpoint]
                answer = client.open(path.format(**mall_and_code), method=method, json=body | {field: public})
                asked.add(field)
                if not 400 <= answer.status_code < 500:
                    wrong.append((endpoint, field, answer.status_code))
    assert wrong == []
    assert records(store) == before
    assert asked >= {"beside", "service", "phone"}


def test_clerk_acts_on_no_ticket_of_another_counter_by_its_id(living_apps, store):
    """Each route that takes an id, for a ticket in each state, asked by a clerk of a counter that does not give it."""
    apps, mint = living_apps
    ids, app = tickets_of_g02(store), apps["ticketing"]
    addresses, before, wrong, asked = app.url_map.bind("localhost"), records(store), [], set()
    clerk = {"Authorization": f"Bearer {mint('operator', mall='pekalongan', counter='G03')}"}
    calls = ("tickets.call", {"counter": "G03"})
    acts = [(rule.endpoint, {}) for rule in app.url_map.iter_rules() if "ticket_id" in rule.arguments]
    for endpoint, more in (*(act for act in acts if "operator" in app.view_functions[act[0]].access), calls):
        for status, ticket_id in ids.items():
            values = {"mall": "pekalongan", **(more or {"ticket_id": ticket_id})}
            body = CLERKS_BODIES.get(endpoint, {}) | ({"ticket": ticket_id} if more else {})
            address = addresses.build(endpoint, values, method="POST")
            answer = app.test_client().post(address, json=body, headers=clerk)
            if answer.status_code not in (403, 409, 422) or "errors" in answer.json:
                wrong.append((endpoint, status, answer.status_code, answer.text[:100]))
            asked.add(endpoint)
    assert wrong == []
    assert records(store) == before
    of_tickets = {f"tickets.{act.name}" for act in ACTS if act.answer == "ticket" and "operator" in act.roles}
    assert asked == of_tickets | {"tickets.call"}


def tickets_of_g02(store) -> dict[str, str]:
    """The ids of tickets of counter G02 by their state."""
    queue, at = Queue(store), datetime.now(UTC)
    issued_now(store)
    known, ids = queue.mall("pekalongan"), {}
    queue.act(known, OpenCounter("G03", at, known))
    for status in ("missed", "held", "called", "waiting"):
        code = CODES.ticket(business_day(at, known.about.zone))
        queue.act(known, IssueTicket(id_of(code), KTP, None, at, known))
        if status != "waiting":
            outcome = queue.act(known, CallNext("G02", at, known))
            ids[status] = outcome.now.state.serving["G02"]
        if status == "missed":
            queue.act(known, MissTicket(ids[status], "G02", at))
        if status == "held":
            queue.act(known, HoldTicket(ids[status], "G02", "Fotokopi", at))
    day = queue.today(known, at).state
    ids["waiting"] = next(id for id, ticket in day.tickets.items() if ticket.status == "waiting")
    assert {status: day.tickets[id].status for status, id in ids.items()} == {status: status for status in ids}
    return ids


def issued_now(store) -> dict[str, tuple[str, str]]:
    """Code and public id of a ticket of today and of a booking, by the argument of routes that names such a thing."""
    queue, about, at = Queue(store), mall(bookings=Bookings(14, "10:00")), datetime.now(UTC)
    facts = [about.learned, *about.agencies.values(), *about.services.values(), *about.counters.values()]
    queue.malls.execute_all([(mall_stream("pekalongan"), fact) for fact in facts])
    known, today = queue.mall("pekalongan"), business_day(at, about.about.zone)
    ahead = next(today + timedelta(days=n) for n in range(1, 8) if (today + timedelta(days=n)).weekday() < 5)
    ticket, booking = CODES.ticket(today), CODES.booking(ahead)
    queue.act(known, ForceOpen("test", at, known))
    queue.act(known, IssueTicket(id_of(ticket), KTP, None, at, known))
    queue.act(known, BookPlace(id_of(booking), KTP, None, ahead, at, known))
    return {"ticket_code": (ticket, id_of(ticket)), "booking_code": (booking, id_of(booking))}


def records(store) -> list[tuple[str, int]]:
    """All that was recorded."""
    return sorted((one["stream"], one["version"]) for one in store.database["commits"].find())


def test_a_route_that_says_nothing_is_found():
    app = Flask(__name__)
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert declared(app)["forgotten"] is None


def test_nothing_but_files_and_the_specification_is_open_without_saying_so(apps):
    assert sorted(OPEN_ENDPOINTS) == ["api-docs.openapi_json", "static"]
    for app in apps.values():
        assert {rule.endpoint for rule in app.url_map.iter_rules()} >= OPEN_ENDPOINTS


@pytest.mark.parametrize("service", SERVICES)
def test_the_api_is_described_in_openapi_3_1(apps, service):
    answer = apps[service].test_client().get(f"/{service}/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"].startswith("3.1.")
    validate(answer.json)


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_holds_every_route_of_the_api(apps, service):
    app = apps[service]
    described = app.test_client().get(f"/{service}/api/openapi.json").json["paths"]
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(f"/{service}/api/")]
    api = [rule.replace("<", "{").replace(">", "}") for rule in rules if "/docs" not in rule and "openapi" not in rule]
    assert sorted(described) == sorted(set(api))
    operations = [operation for path in described.values() for name, operation in path.items() if name != "parameters"]
    assert all(operation.get("summary") for operation in operations)


@pytest.mark.parametrize("service", SERVICES)
def test_the_documentation_page_asks_nothing_of_another_origin(apps, service):
    client = apps[service].test_client()
    page = client.get(f"/{service}/api/docs").text
    addresses = re.findall(r"(?:src|href)=[\"']?([^\"' >]+)", page)
    assert [address for address in addresses if urlsplit(address).netloc] == []
    files = [address for address in addresses if re.search(r"\.(js|css|svg)\b", address)]
    assert {address: client.get(address).status_code for address in files} == dict.fromkeys(files, 200)
