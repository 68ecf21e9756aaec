"""What an older event or a short command of the catalog means, and the limits of every form, in tables."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from stored_fields import default_in_words, defaults, defaults_by_name, pinned_defaults

import services
from services.catalog.access.domain import ACCESS, sign_in
from services.catalog.access.domain.commands import AddSecondFactor, RemoveSecondFactor, RevokeToken
from services.catalog.access.domain.state import Account, People
from services.catalog.domain import concerns, directory, limits
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.declaration import Declaration, fields_of, limits_of
from services.catalog.domain.differences import Difference
from services.catalog.domain.directory import AgencyListed, CounterListed, Directory, ServiceListed
from services.catalog.domain.limits import Dates, Number, Text, Texts
from services.catalog.domain.mall import (
    HOLIDAYS,
    LANGUAGES,
    RULES,
    USUAL_CLASSES,
    Bookings,
    HoursException,
    MallListed,
    Priority,
    PriorityClass,
)
from services.catalog.domain.waiting import WAITING, Waiting
from services.catalog.forms import FORMS

STATED = (MallListed, AgencyListed, ServiceListed, CounterListed)  # their schemas state the defaults


def not_compared(kind: type) -> list[str]:
    return [field.name for field in fields(kind) if not field.compare]


def test_older_events_of_a_directory_read_as_they_were_meant():
    pinned = {
        "MallListed": {
            "exceptions": (),
            "closed_on": (),
            "tickets_from_minutes": 0,
            "last_ticket_minutes": 0,
            "overtime_minutes": 120,
            "kept_for_priority": 0,
            "kept_for_bookings": 0,
            "home_percent": 30,
            "bookings_percent": 30,
            "bookings": None,
            "priority": Priority("ratio", 2, None, USUAL_CLASSES),
            "approaching": 3,
        },
        "AgencyListed": {"suspended": "", "line_since": None},
        "ServiceListed": {
            "requirements": (),
            "basis": "",
            "capacity": None,
            "fee": "",
            "eligibility": "",
            "components": {},
        },
        "CounterListed": {"services": (), "week": None},
        "AgencyWithdrawn": {"at": None},
        "ServiceWithdrawn": {},
        "CounterWithdrawn": {},
    }
    assert pinned_defaults(DIRECTORY.events, pinned, STATED) == pinned
    assert Directory() == DIRECTORY.initial
    empty: dict[str, Any] = {name: {} for name in ("agencies", "services", "counters", "released")}
    assert defaults(Directory) == {"mall": None, **empty}


@pytest.mark.parametrize("kind", STATED)
def test_schema_states_the_default_of_each_field_that_older_events_lack(kind):
    name = kind.__name__.removesuffix("Listed").lower()
    schema = json.loads((Path(services.__file__).parent / f"catalog/schemas/{name}-listed.v1.json").read_text())
    stated = {
        field: about["description"].rpartition("Absent in older events: ")[2].removesuffix(".")
        for field, about in schema["properties"].items()
        if field not in schema["required"]
    }
    declared = {each.name: default_in_words(each.default) for each in fields_of(kind) if each.name in stated}
    in_prose = {"priority": stated.get("priority", ""), "suspended": "null"}  # stored empty, published null
    assert stated == declared | {field: words for field, words in in_prose.items() if field in stated}


def test_times_of_a_line_do_not_make_another_entry():
    compared = [not_compared(kind) for kind in (*DIRECTORY.events, Directory)]
    assert compared == [[], ["line_since"], [], [], ["at"], [], [], ["released"]]


def test_classes_of_a_mall_that_names_none_are_those_of_the_regulations():
    assert (
        PriorityClass("disability", {"id": "Penyandang disabilitas", "en": "Person with a disability"}, "UU 8/2016"),
        PriorityClass(
            "elderly",
            {"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"},
            "UU 13/1998 pasal 1 ayat (2); PP 43/2004",
        ),
        PriorityClass("pregnancy", {"id": "Ibu hamil", "en": "Expectant mother"}, "PermenPANRB 11/2024"),
    ) == USUAL_CLASSES
    assert defaults(PriorityClass) == {"basis": ""}
    assert defaults(Priority) == {
        "rule": "ratio",
        "in_a_row": 2,
        "ceiling_minutes": None,
        "classes": USUAL_CLASSES,
    }
    assert (RULES, HOLIDAYS, LANGUAGES) == (
        ("ratio", "strict", "fifo"),
        ("public-holiday", "joint-leave"),
        ("id", "en"),
    )


def test_components_are_the_fourteen_of_the_regulation():
    public = "requirements procedure duration fee product complaints"
    internal = "legal_basis facilities competence supervision staff_count guarantee safety evaluation"
    assert tuple(public.split()) == directory.PUBLIC_COMPONENTS
    assert tuple(internal.split()) == directory.INTERNAL_COMPONENTS
    assert (*public.split(), *internal.split()) == directory.COMPONENTS


def test_older_events_of_who_waits_read_as_they_were_meant():
    assert defaults_by_name(WAITING.events) == {
        "TicketWaits": {"booked": False},
        "TicketWaitsNoMore": {},
        "CounterStands": {},
        "DayEnded": {},
        "ClosureHeard": {"closure": ""},
        "ReopeningHeard": {"closure": ""},
        "PlaceBooked": {},
        "BookingEnded": {},
    }
    assert Waiting() == WAITING.initial
    maps: dict[str, Any] = {name: {} for name in ("heard", "tickets", "counters", "closures", "claimed", "bookings")}
    assert defaults(Waiting) == {**maps, "news_at": None, "ended": False}


def test_older_events_of_accounts_read_as_they_were_meant():
    assert defaults_by_name(ACCESS.events) == {
        "AccountCreated": {},
        "AccessChanged": {},
        "PasswordSet": {},
        "AccountDisabled": {},
        "AccountEnabled": {},
        "SignInLinked": {},
        "SignInUnlinked": {},
        "TokenIssued": {},
        "TokenRevoked": {},
        "SessionEnded": {},
        "SessionsEnded": {},
        "SecondFactorAdded": {"kind": "totp", "passkey": ""},
        "SecondFactorRemoved": {"kind": "all", "passkey": ""},
        "SecondFactorRequired": {},
    }
    assert People() == ACCESS.initial
    maps: dict[str, Any] = {name: {} for name in ("accounts", "tokens", "revoked", "ended")}
    assert defaults(People) == {**maps, "second_factor_roles": frozenset()}
    assert defaults(Account) == {
        "enabled": True,
        "epoch": 0,
        "linked": False,
        "totp": False,
        "passkeys": frozenset(),
    }
    assert sign_in.MOST_PASSKEYS == 10
    assert sign_in.LONGEST_SESSION.total_seconds() == 12 * 3600


def test_commands_ask_for_nothing_that_was_not_given():
    commands = (RevokeToken, AddSecondFactor, RemoveSecondFactor, directory.ImportCatalog, directory.AdmitAgency)
    assert defaults_by_name((*commands, directory.ListAgency, directory.WithdrawAgency, directory.ListService)) == {
        "RevokeToken": {"expires_at": None},
        "AddSecondFactor": {"kind": "totp", "passkey": ""},
        "RemoveSecondFactor": {"reset": False, "kind": "all", "passkey": ""},
        "ImportCatalog": {"at": None},
        "AdmitAgency": {"at": None},
        "ListAgency": {"at": None},
        "WithdrawAgency": {"with_all": False, "at": None},
        "ListService": {"counters": None},
    }


def test_change_without_people_has_no_concerns():
    assert defaults_by_name((concerns.People, concerns.Concern, concerns.Concerns, Difference)) == {
        "People": {"waiting": {}, "bookings": {}, "open_counters": (), "ended": False},
        "Concern": {"closes": None},
        "Concerns": {"waiting": 0, "bookings": 0, "days": {}, "warnings": ()},
        "Difference": {"fields": {}},
    }


def test_limits_of_every_form():
    pinned = {
        "mall": {
            "name": Text(40, lines=False),
            "city": Text(80),
            "address": Text(200),
            "zone": Text(64),
            "capacity": Number(0, 100_000),
            "tickets_from_minutes": Number(0, 240),
            "last_ticket_minutes": Number(0, 480),
            "overtime_minutes": Number(0, 720),
            "kept_for_priority": Number(0, 100_000, optional=False),
            "kept_for_bookings": Number(0, 100_000),
            "home_percent": Number(0, 100),
            "bookings_percent": Number(0, 100),
            "approaching": Number(1, 20),
            "days_ahead": Number(1, 90),
            "in_a_row": Number(1, 20),
            "ceiling_minutes": Number(1, 600, optional=True),
        },
        "exception": {"date": Dates(2000, 2100), "reason": Text(200)},
        "class": {"id": Text(80), "en": Text(80), "basis": Text(200)},
        "agency": {"name": Text(150), "suspended": Text(200)},
        "suspension": {"reason": Text(200)},
        "service": {
            "name": Text(150),
            "minutes": Number(1, 480),
            "requirements": Texts(Text(300), 50),
            "basis": Text(200),
            "capacity": Number(1, 100_000, optional=True),
            "fee": Text(500),
            "eligibility": Text(500),
        },
        "counter": {"name": Text(150), "floor": Number(-5, 60)},
    }
    assert {form: {name: FORMS[form].get(name) for name in limits} for form, limits in pinned.items()} == pinned
    assert FORMS.keys() == pinned.keys()
    assert Text(2000, lines=True) == limits.COMPONENT
    assert (limits.AGENCIES, limits.SERVICES, limits.COUNTERS) == (200, 2000, 300)
    assert (limits.PLACES, limits.DAYS_AHEAD) == (100_000, 90)
    assert (limits.EXCEPTIONS, limits.CLASSES, limits.INTERVALS) == (400, 20, 6)
    assert [defaults(kind) for kind in (Number, Text)] == [{"optional": False}, {"lines": False}]


PLAIN = Declaration()
PLACES_A_DAY = Declaration(Number(0, 100_000))
DECLARED = {
    HoursException: {
        "date": Declaration(Dates(2000, 2100)),
        "intervals": PLAIN,
        "reason": Declaration(Text(200)),
    },
    Bookings: {"days_ahead": Declaration(Number(1, 90)), "claim_by": PLAIN},
    PriorityClass: {"code": PLAIN, "name": PLAIN, "basis": Declaration(Text(200))},
    Priority: {
        "rule": Declaration(choices=("ratio", "strict", "fifo")),
        "in_a_row": Declaration(Number(1, 20)),
        "ceiling_minutes": Declaration(Number(1, 600, optional=True)),
        "classes": Declaration(most=20),
    },
    MallListed: {
        "code": PLAIN,
        "name": Declaration(Text(40)),
        "city": Declaration(Text(80)),
        "address": Declaration(Text(200)),
        "zone": Declaration(Text(64)),
        "capacity": PLACES_A_DAY,
        "week": PLAIN,
        "exceptions": Declaration(most=400),
        "closed_on": Declaration(choices=("public-holiday", "joint-leave")),
        "tickets_from_minutes": Declaration(Number(0, 240)),
        "last_ticket_minutes": Declaration(Number(0, 480)),
        "overtime_minutes": Declaration(Number(0, 720)),
        "kept_for_priority": PLACES_A_DAY,
        "kept_for_bookings": PLACES_A_DAY,
        "bookings": PLAIN,
        "priority": PLAIN,
        "approaching": Declaration(Number(1, 20)),
        "home_percent": Declaration(Number(0, 100)),
        "bookings_percent": Declaration(Number(0, 100)),
    },
    AgencyListed: {
        "code": PLAIN,
        "name": Declaration(Text(150)),
        "line": PLAIN,
        "suspended": Declaration(Text(200)),
    },
    ServiceListed: {
        "code": PLAIN,
        "name": Declaration(Text(150)),
        "agency": PLAIN,
        "minutes": Declaration(Number(1, 480)),
        "requirements": Declaration(Texts(Text(300), 50)),
        "basis": Declaration(Text(200), internal=True),
        "capacity": Declaration(Number(1, 100_000, optional=True)),
        "fee": Declaration(Text(500)),
        "eligibility": Declaration(Text(500)),
        "components": Declaration(limits.COMPONENT, keys=directory.COMPONENTS, public_keys=directory.PUBLIC_COMPONENTS),
    },
    CounterListed: {
        "code": PLAIN,
        "name": Declaration(Text(150)),
        "floor": Declaration(Number(-5, 60)),
        "agency": PLAIN,
        "services": Declaration(column=False),
        "week": PLAIN,
    },
}


@pytest.mark.parametrize("kind", DECLARED, ids=lambda kind: kind.__name__)
def test_fields_of_every_kind_are_declared_with_these_rules(kind):
    rules = {each.name: replace(each.declaration, example=None, about="") for each in fields_of(kind)}
    assert list(rules.items()) == list(DECLARED[kind].items())


def test_parts_of_the_mall_have_the_limits_of_its_form():
    form = FORMS["mall"]
    assert form == {**limits_of(MallListed), **limits_of(Bookings), **limits_of(Priority)}
    assert list(limits_of(MallListed))[:2] == ["name", "city"]
    assert (list(limits_of(Bookings)), list(limits_of(Priority))) == (["days_ahead"], ["in_a_row", "ceiling_minutes"])


def test_limits_in_words_of_json_schema_and_of_html():
    kinds = (Number(1, 20), Text(40), Texts(Text(300), 50), Dates(2000, 2100))
    assert [limits.keywords(kind) for kind in kinds] == [
        {"minimum": 1, "maximum": 20},
        {"maxLength": 40},
        {"maxItems": 50},
        {"format": "date"},
    ]
    assert [limits.attributes(kind) for kind in kinds] == [
        {"min": 1, "max": 20},
        {"maxlength": 40},
        {},
        {"min": "2000-01-01", "max": "2100-12-31"},
    ]
