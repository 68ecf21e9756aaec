"""One set of limits: what a form refuses, an import refuses for the same reason, and nothing else comes in."""

import base64
import csv
import io
import json
import unicodedata
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from properties import examples

from services.catalog import tables
from services.catalog.directory import Malls
from services.catalog.domain import limits
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.declaration import limits_of
from services.catalog.domain.directory import (
    AdmitAgency,
    AgencyListed,
    ChangeMall,
    CounterListed,
    Directory,
    ImportCatalog,
    InvalidEntry,
    ListAgency,
    ListCounter,
    ListService,
    ServiceListed,
)
from services.catalog.domain.limits import Dates, Number, Text, Texts
from services.catalog.domain.mall import HoursException, MallListed
from services.catalog.seed import read
from services.chassis.clock import now

API = "/catalog/api/malls/pekalongan"
NBSP, ZERO_WIDTH, OVERRIDE, PRIVATE, FILLER = "\u00a0", "\u200b", "\u202e", "\ue000", "\u3164"
INVISIBLE = [
    "\x00",
    "\x07",
    "\x1b",
    "\x7f",
    "\x85",
    ZERO_WIDTH,
    OVERRIDE,
    "\ufeff",
    "\u2028",
    PRIVATE,
    FILLER,
    "\ufe0f",
]
UNUSUAL = ["\t", NBSP, "\u3000", "e\u0301", "é", "=", "+", "-", "@", "'", '"', ";", ",", "#", "/", "?", "G", "ktp", "1"]

texts = st.lists(st.sampled_from([*INVISIBLE, *UNUSUAL, " ", "Gerai", "\n"]), max_size=12).map("".join)
long_texts = st.builds(
    lambda one, times: one * times, st.sampled_from(["A", "é", "=1"]), st.sampled_from([39, 41, 2001])
)
numbers = st.integers(-10, 700) | st.sampled_from([-(10**12), 10**9, 10**10, 4_000_000, 100_000, 100_001])
dates = st.sampled_from(["1999-12-31", "2000-01-01", "2026-12-24", "2100-12-31", "2101-01-01", "9999-12-31"])
any_text = texts | long_texts

ENTRIES = {
    "agencies": ("PLN", {"name": any_text, "line": any_text}),
    "services": (
        "PLN-BAYAR",
        {
            "name": any_text,
            "minutes": numbers,
            "capacity": numbers | st.none(),
            "fee": any_text,
            "eligibility": any_text,
            "basis": any_text,
            "requirements": st.lists(any_text, max_size=3) | st.just(["KTP"] * 51),
            "components": st.dictionaries(st.sampled_from(["procedure", "staff_count"]), any_text),
        },
    ),
    "counters": ("G23", {"name": any_text, "floor": numbers}),
}
MALL = {
    **{name: numbers for name, limit in limits_of(MallListed).items() if isinstance(limit, Number)},
    **dict.fromkeys(("name", "city", "address", "zone"), any_text),
    "bookings": st.fixed_dictionaries({"days_ahead": numbers, "claim_by": st.sampled_from(["10:00", "24:00", "10"])}),
    "exceptions": st.lists(
        st.fixed_dictionaries({"date": dates, "intervals": st.just([["08:00", "11:00"]]), "reason": any_text}),
        max_size=2,
    ),
    "week": st.just({"monday": [[f"{hour:02}:00", f"{hour:02}:30"] for hour in range(8, 15)]}),
    "priority": st.fixed_dictionaries(
        {
            "rule": st.just("ratio"),
            "in_a_row": numbers,
            "ceiling_minutes": numbers | st.none(),
            "classes": st.lists(
                st.fixed_dictionaries(
                    {
                        "code": st.just("elderly"),
                        "name": st.fixed_dictionaries({"id": any_text, "en": any_text}),
                        "basis": any_text,
                    }
                ),
                max_size=1,
            ),
        }
    ),
}


def of_entries() -> st.SearchStrategy:
    """A table, and a field of one of its entries with its value."""
    return st.one_of(
        *(
            st.tuples(st.just(kind), st.just(field), values)
            for kind, (_, fields) in ENTRIES.items()
            for field, values in fields.items()
        )
    )


def of_malls() -> st.SearchStrategy:
    return st.one_of(*(st.tuples(st.just(field), values) for field, values in MALL.items()))


class Doors:
    """The ways in: the form's route, and imports of a document, tables and a ZIP of them. Nothing is changed."""

    def __init__(self, web, headers: dict[str, str], malls: Malls) -> None:
        self._web, self._headers = web, headers
        self.known = malls.get("pekalongan")
        self.document = json.loads(json.dumps(web.get(f"{API}/export", headers=headers).json))

    def ask(self, method: str, path: str, body: dict):
        answer = self._web.open(f"{API}{path}?dry_run=true", method=method, json=body, headers=self._headers)
        assert answer.status_code in (200, 422), answer.text
        return answer

    def form(self, kind: str, code: str, **changed):
        known = next(one for one in self.document[kind] if one["code"] == code)
        given = {name: value for name, value in known.items() if name not in ("code", "suspended", "week")} | changed
        return self.ask("PUT", f"/{kind}/{code}", given)

    def mall(self, **changed):
        return self.ask("PUT", "", changed)

    def as_document(self, kind: str, code: str, **changed):
        document = json.loads(json.dumps(self.document))
        entry = document["mall"] if kind == "mall" else next(x for x in document[kind] if x["code"] == code)
        entry.update(changed)
        return self.ask("POST", "/import", {"document": document})

    def as_table(self, kind: str, code: str, **changed):
        rows = list(csv.DictReader(io.StringIO(tables.written(self.known)[f"{kind}.tsv"]), delimiter="\t"))
        next(row for row in rows if row["code"] == code).update(changed)
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys(), delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
        return self.ask("POST", "/import", {"tables": {kind: text.getvalue()}})

    def as_archive(self, **changed):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mall.json", json.dumps(self.document["mall"] | changed))
        return self.ask("POST", "/import", {"archive": base64.b64encode(packed.getvalue()).decode()})


@pytest.fixture
def doors(web, store, folder, bearer) -> Doors:
    malls = Malls(store)
    malls.act("pekalongan", ImportCatalog(read(folder.path), now()), actor="seed")
    return Doors(web, bearer(), malls)


def refused_alike(form, imported) -> None:
    """Each reason of the form is one of the import."""
    assert imported.status_code == 422
    faults = "\n".join(imported.json["faults"])
    reasons = [text for texts in form.json["errors"].values() for text in texts]
    assert reasons
    assert [text for text in reasons if text not in faults] == []


def leaves(value):
    match value:
        case dict():
            return [leaf for inner in value.values() for leaf in leaves(inner)]
        case list():
            return [leaf for inner in value for leaf in leaves(inner)]
        case _:
            return [value]


def sound(answer) -> None:
    """Whatever was accepted can be printed, and is in the form in which texts are compared."""
    values = [leaf for change in answer.json["changes"] for one in change["differs"] for leaf in leaves(one["after"])]
    for text in (leaf for leaf in values if isinstance(leaf, str)):
        assert text.replace("\n", " ").isprintable()
        assert not set(text) & {FILLER, "\ufe0f"}
        assert unicodedata.is_normalized("NFC", text)
        assert len(text) <= 2000
    assert [leaf for leaf in values if isinstance(leaf, int) and not -5 <= leaf <= 100_000] == []


FEW = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(of_entries())
@example(("services", "minutes", 10**10))
@example(("services", "name", f"KTP{ZERO_WIDTH}"))
@example(("services", "fee", f"Rp{NBSP}10.000"))
@example(("counters", "floor", -5))
@example(("agencies", "line", "w"))
@example(("services", "components", {"procedure": " "}))
def test_import_refuses_entry_for_reason_that_form_refuses_it(doors, changed):
    kind, field, value = changed
    code = ENTRIES[kind][0]
    form = doors.form(kind, code, **{field: value})
    document = doors.as_document(kind, code, **{field: value})
    if form.status_code == 200:
        sound(form)
        assert document.status_code == 200
        assert document.json["changes"] == form.json["changes"]
    else:
        refused_alike(form, document)
    if isinstance(value, str | int) and field not in ("requirements", "components"):
        table = doors.as_table(kind, code, **{field: str(value)})
        assert table.status_code == form.status_code or limits.tidied(str(value)) == ""
        if table.status_code == 422 and limits.tidied(str(value)):
            refused_alike(form, table)


@FEW
@given(of_malls())
@example(("overtime_minutes", 10**10))
@example(("bookings", {"days_ahead": 4_000_000, "claim_by": "10:00"}))
@example(("exceptions", [{"date": "9999-12-31", "intervals": [], "reason": "Libur"}]))
@example(("exceptions", [{"date": "2026-12-24", "intervals": [], "reason": NBSP}]))
def test_import_refuses_mall_for_reason_that_form_refuses_it(doors, changed):
    field, value = changed
    form = doors.mall(**{field: value})
    for imported in (doors.as_document("mall", "", **{field: value}), doors.as_archive(**{field: value})):
        if form.status_code == 200:
            sound(form)
            assert imported.json["changes"] == form.json["changes"]
        else:
            refused_alike(form, imported)


CODES = ["G#1", "ktp/2?", "x" * 70, "A" * 41, "ktp-rekam", f"KTP{NBSP}1", "KTP\x00", "", "-A", f"KTP{ZERO_WIDTH}"]


@FEW
@given(st.sampled_from(["agency", "counter", "service"]), st.sampled_from(CODES) | texts)
def test_import_refuses_code_that_form_refuses(doors, kind, code):
    codes = {"agency": "OMBUDSMAN", "counter": "G24", "service": "OMBUDSMAN-A"} | {kind: code}
    agency = {"code": codes["agency"], "name": "Ombudsman RI", "line": "ZA"}
    counter = {"code": codes["counter"], "name": "Gerai 24", "floor": 1}
    service = {"code": codes["service"], "name": "Aduan", "minutes": 10}
    form = doors.ask("POST", "/agencies", {"agency": agency, "counter": counter, "services": [service]})
    document = json.loads(json.dumps(doors.document))
    document["agencies"].append(agency)
    document["services"].append(service | {"agency": agency["code"]})
    document["counters"].append(counter | {"agency": agency["code"], "services": [service["code"]]})
    imported = doors.ask("POST", "/import", {"document": document})
    assert imported.status_code == form.status_code
    if form.status_code == 422:
        refused_alike(form, imported)


DINKES = AgencyListed("DINKES", "Dinas Kesehatan", "D")
JKN = ServiceListed("DINKES-JKN", "Kartu JKN", "DINKES", 10)
G05 = CounterListed("G05", "Gerai 5", 1, "DINKES", ("DINKES-JKN",))
LISTED = Directory(
    MallListed("batang", "MPP Batang", "Batang", "Batang", "Asia/Jakarta", 100, {"monday": (("08:00", "15:00"),)}),
    {"DINKES": DINKES},
    {"DINKES-JKN": JKN},
    {"G05": G05},
)


def accepted(command) -> bool:
    try:
        DIRECTORY.decide(command, LISTED)
    except InvalidEntry:
        return False
    return True


def with_value(kind: str, field: str, value: object):
    """A command that lists the entry with this value."""
    match kind:
        case "mall":
            shares = {"home_percent": 0, "bookings_percent": 0} if field.endswith("_percent") else {}
            return ChangeMall(shares | {field: value})
        case "agency":
            return ListAgency(replace(DINKES, **{field: value}))
        case "service":
            return ListService(replace(JKN, **{field: value}))
        case _:
            return ListCounter(replace(G05, **{field: value}))


def bounds(limit: limits.Limit) -> tuple[list, list]:
    """The outermost values that are allowed, and the next ones beyond them."""
    match limit:
        case Number(least, most):
            return [least, most], [least - 1, most + 1, 10**10]
        case Text(longest):
            return ["A" * longest], ["A" * (longest + 1), f"A{ZERO_WIDTH}", "A\x1bB", f"A{OVERRIDE}B", f"A{PRIVATE}"]
        case Texts(each, most):
            return [("KTP",) * most, ("A" * each.longest,)], [("KTP",) * (most + 1), ("A" * (each.longest + 1),)]
        case Dates():
            return [], []


@pytest.mark.parametrize(
    ("kind", "field", "limit"),
    [
        (kind, field, limit)
        for kind, fields in {
            "mall": limits_of(MallListed),
            "agency": {"name": limits.NAME},
            "service": limits_of(ServiceListed),
            "counter": limits_of(CounterListed),
        }.items()
        for field, limit in fields.items()
        if field != "zone" and not field.startswith("kept_")
    ],
)
def test_every_field_is_accepted_up_to_its_limit_and_not_beyond(kind, field, limit):
    within, beyond = bounds(limit)
    assert [accepted(with_value(kind, field, value)) for value in within] == [True] * len(within)
    assert [accepted(with_value(kind, field, value)) for value in beyond] == [False] * len(beyond)


def test_every_stored_number_of_the_catalog_has_a_limit():
    declared = {
        "MallListed": limits_of(MallListed),
        "ServiceListed": limits_of(ServiceListed),
        "CounterListed": limits_of(CounterListed),
    }
    for kind in (MallListed, ServiceListed, CounterListed):
        numbers = [name for name, of in kind.__annotations__.items() if of in (int, int | None)]
        assert [name for name in numbers if name not in declared[kind.__name__]] == []


def test_lists_have_limits():
    year_end = HoursException(date(2026, 12, 24), (), "Akhir tahun")
    exceptions = tuple(replace(year_end, date=date.fromordinal(737_000 + n)) for n in range(401))
    assert accepted(ChangeMall({"exceptions": exceptions[:400]}))
    assert not accepted(ChangeMall({"exceptions": exceptions}))
    services = tuple(replace(JKN, code=f"S{n}") for n in range(limits.SERVICES))
    agency, counter = replace(DINKES, code="BARU", line="X"), replace(G05, code="G06")
    assert accepted(AdmitAgency(agency, counter, services[1:]))
    assert not accepted(AdmitAgency(agency, counter, services))


def test_events_stored_before_limits_still_fold():
    old = [
        replace(LISTED.mall, overtime_minutes=10**10, name="MPP\x00"),
        AgencyListed("ktp/2?", f"Dinas{ZERO_WIDTH}", "b"),
        replace(JKN, minutes=0, capacity=10**9),
        replace(G05, code="G#1", floor=10**6),
    ]
    directory = DIRECTORY.initial
    for event in old:
        directory = DIRECTORY.evolve(directory, event)
    assert directory.mall.overtime_minutes == 10**10
    assert set(directory.agencies) == {"ktp/2?"}


def test_code_stored_before_limits_is_kept_by_import():
    old = DIRECTORY.evolve(LISTED, CounterListed("g5 lama", "Gerai 5", 1, "DINKES"))
    assert DIRECTORY.decide(ImportCatalog(replace(old, agencies=dict(old.agencies))), old) == []


def test_schema_of_the_api_has_the_limits(web):
    schemas = web.get("/catalog/api/openapi.json").json["components"]["schemas"]
    overtime = schemas["MallIn"]["properties"]["overtime_minutes"]
    assert (overtime["minimum"], overtime["maximum"]) == (0, 720)
    assert schemas["ServiceIn"]["properties"]["name"]["maxLength"] == 150


def test_fields_of_the_admin_page_have_the_limits(web, doors):
    page = web.get("/catalog/malls/pekalongan/admin").text
    assert 'name="overtime_minutes" type="number" inputmode="numeric" min="0" max="720"' in page
    assert 'id="counter-floor" name="floor" type="number" inputmode="numeric" min="-5" max="60"' in page
    assert 'id="agency-name" name="name" type="text" maxlength="150"' in page
