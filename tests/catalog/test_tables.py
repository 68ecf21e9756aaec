"""Tables for spreadsheets: no cell is calculated, and a table that was taken out is put in again as it was."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.catalog import tables
from services.catalog.directory import Malls
from services.catalog.domain.directory import (
    AgencyListed,
    CounterListed,
    Directory,
    ImportCatalog,
    InvalidCatalog,
    ServiceListed,
)
from services.catalog.domain.hours import SHUT
from services.catalog.domain.limits import tidied
from services.catalog.domain.mall import MallListed
from services.catalog.seed import read
from services.chassis.clock import now

MALL = MallListed(
    "kota", "MPP Kota", "Kota", "Jl. Raya 1", "Asia/Jakarta", 100, {**SHUT, "monday": (("08:00", "15:00"),)}
)
LISTED = Directory(
    MALL,
    {"PLN": AgencyListed("PLN", "PT PLN", "W")},
    {"BAYAR": ServiceListed("BAYAR", "Pembayaran", "PLN", 5)},
    {"G23": CounterListed("G23", "Gerai 23", -1, "PLN", ("BAYAR",))},
)
FORMULAS = [
    "=1+1",
    "+62 285",
    "-5",
    "@SUM(A1)",
    "＝1+1",
    '=HYPERLINK("http://x.id";"KTP")',
    "'=1",
    "''@x",
    "'Gratis'",
    "'",
]
starts = st.sampled_from([*FORMULAS, "KTP", '"', ";", ","])
texts = st.lists(starts, min_size=1, max_size=3).map(" ".join).map(tidied).filter(bool)


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text), delimiter="\t") for cell in row]


def listed(text: str) -> Directory:
    """A directory with this text wherever an administrator may write one."""
    agency = replace(LISTED.agencies["PLN"], name=text, suspended=f"{text} hari ini")
    service = replace(LISTED.services["BAYAR"], name=text, fee=text, basis=text, eligibility=text)
    need = text.replace(";", "")
    service = replace(
        service, requirements=(need,) if need.strip() else (), components={"procedure": f"{text}\n{text}"}
    )
    counter = replace(LISTED.counters["G23"], name=text)
    return Directory(MALL, {"PLN": agency}, {"BAYAR": service}, {"G23": counter})


@given(texts)
@example("-5")
@example("'=1")
def test_tables_have_no_formulas_and_are_read_as_they_were(text):
    known = listed(text)
    files = tables.written(known)
    for name in ("agencies.tsv", "services.tsv", "counters.tsv"):
        live = [cell for cell in cells(files[name]) if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
        assert live == (["-1"] if name == "counters.tsv" else []), "only a number may begin with a sign"
    found = tables.read(files)
    tidy = [replace(one, requirements=tuple(map(tidied, one.requirements))) for one in known.services.values()]
    assert found == replace(known, services={one.code: one for one in tidy})
    assert tables.written(found)["agencies.tsv"] == files["agencies.tsv"]


@pytest.mark.parametrize("text", FORMULAS)
def test_neutral_cell_is_read_as_its_text(text):
    assert tables._read(tables._written(text)) == text


def faults(**changed: str) -> list[str]:
    with pytest.raises(InvalidCatalog) as refusal:
        tables.read(tables.written(LISTED) | changed)
    return list(map(str, refusal.value.params["faults"]))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("code\tname\tline\nPLN\t" + "A" * 200_000 + "\tW\n", 2),
        ("code\tname\tline\nPLN\tPT\rPLN\tW\n", 2),
    ],
    ids=["a cell of 200 kB", "a carriage return"],
)
def test_what_is_no_table_is_refused_with_its_line(text, line):
    assert f"agencies.tsv line {line}: this is no table that can be read" in faults(**{"agencies.tsv": text})


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"capacity": ' + "9" * 5000 + "}"], ids=["too deep", "too many digits"]
)
def test_json_that_cannot_be_read_is_refused(text):
    assert faults(**{"mall.json": text}) == ["mall.json: no JSON: line 1, column 1"]


@pytest.mark.parametrize("floor", ["-6", "61", "9" * 5000, "1e3", "٣", "1.0"])
def test_number_out_of_bounds_is_refused_with_file_and_line(floor):
    text = tables.written(LISTED)["counters.tsv"].replace("-1", floor)
    (fault,) = faults(**{"counters.tsv": text})
    assert fault.startswith("counters.tsv line 2: floor")


def test_import_of_a_formula_that_a_form_accepts_changes_nothing(web, store, folder, bearer):
    Malls(store).act("pekalongan", ImportCatalog(read(folder.path), now()))
    api, headers = "/catalog/api/malls/pekalongan", bearer()
    renamed = web.put(f"{api}/agencies/PLN", json={"name": '=HYPERLINK("http://x.id")', "line": "W"}, headers=headers)
    assert renamed.status_code == 200
    for table in ("agencies", "services", "counters"):
        text = web.get(f"{api}/export?format=tsv&table={table}", headers=headers).text
        assert not [cell for cell in cells(text) if cell.startswith("=")]
        again = web.post(f"{api}/import", json={"tables": {table: text}}, headers=headers)
        assert (again.status_code, again.json["changes"]) == (200, [])
    exported = web.get(f"{api}/export", headers=headers).json
    assert json.dumps(exported).count("=HYPERLINK") == 1
