"""A field that is added to the declaration of an entry appears wherever such a field does."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from marshmallow import Schema

import services
from services.catalog import tables
from services.catalog.domain.declaration import declared, fields_of, limits_of, public
from services.catalog.domain.directory import ServiceListed
from services.catalog.domain.limits import Number, Text
from services.catalog.field_schemas import request_fields, response_fields
from services.catalog.forms import inputs


@dataclass(frozen=True)
class ServiceWithLanguages(ServiceListed):
    """A service as it would be with three more fields."""

    languages: str = field(default="", metadata=declared(Text(60), example="Bahasa Indonesia"))
    visits: int = field(default=1, metadata=declared(Number(1, 9), about="How often one has to come."))
    note: str = field(default="", metadata=declared(Text(90), internal=True))


JKN = ServiceWithLanguages("DINKES-JKN", "Kartu JKN", "DINKES", 10, languages="Jawa", visits=2, note="lama")


def test_new_field_is_in_request_and_response_schema():
    asked = Schema.from_dict(request_fields(ServiceWithLanguages, without=("code",)))()
    given = {"name": " Kartu JKN ", "agency": "DINKES", "minutes": 10}
    assert asked.load(given | {"languages": "Jawa\t"})["languages"] == "Jawa"
    assert (asked.load(given)["languages"], asked.load(given)["visits"]) == ("", 1)
    assert asked.validate(given | {"visits": "2"}) == {"visits": ["Not a valid integer."]}
    assert asked.fields["visits"].metadata == {"minimum": 1, "maximum": 9}
    shown = response_fields(ServiceWithLanguages)
    assert shown["visits"].metadata == {"description": "How often one has to come."}
    assert "languages" in shown
    assert "note" not in shown


def test_new_field_is_in_event_and_answer_unless_internal():
    added = {name: value for name, value in public(JKN).items() if name not in public(ServiceListed("A", "B", "C", 1))}
    assert added == {"languages": "Jawa", "visits": 2}


def test_new_field_is_column_that_is_written_and_read():
    text = tables.table(ServiceWithLanguages, [JKN])
    head, cells = (line.split("\t") for line in text.splitlines())
    assert head[-3:] == ["languages", "visits", "note"]
    row = tables.Row("services.tsv", 2, dict(zip(head, cells, strict=True)))
    assert tables.entry(row, ServiceWithLanguages, None, []) == JKN
    faults = []
    tables.entry(replace(row, cells=row.cells | {"visits": "10"}), ServiceWithLanguages, None, faults)
    assert list(map(str, faults)) == ["services.tsv line 2: visits: at most 9"]


def test_new_field_whose_column_is_left_out_stays_as_it_is():
    row = tables.Row("services.tsv", 2, {"code": JKN.code, "name": JKN.name, "agency": JKN.agency, "minutes": "15"})
    assert tables.entry(row, ServiceWithLanguages, JKN, []) == replace(JKN, minutes=15)
    assert tables.entry(row, ServiceWithLanguages, None, []).languages == ""


def test_new_field_is_limited_and_an_input_of_the_form():
    assert limits_of(ServiceWithLanguages)["languages"] == Text(60)
    added = [each for each in inputs(ServiceWithLanguages) if each.name in ("languages", "visits", "note")]
    assert [(each.name, each.kind) for each in added] == [("languages", "text"), ("visits", "number")]
    assert added[0].attributes == 'maxlength="60"'


def test_field_without_declaration_is_in_none_of_them():
    assert [each.name for each in fields_of(type(JKN))][-3:] == ["languages", "visits", "note"]
    assert "line_since" not in request_fields(type(JKN)), "the catalog's own note"


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_input_of_the_service_form_has_a_label(language):
    words = json.loads((Path(services.__file__).parent / f"catalog/words/{language}.json").read_text())
    assert [each.name for each in inputs(ServiceListed) if f"admin.field.{each.name}" not in words] == []


def test_event_schema_describes_every_public_field_of_a_service():
    schema = json.loads((Path(services.__file__).parent / "catalog/schemas/service-listed.v1.json").read_text())
    names = {each.name for each in fields_of(ServiceListed) if not each.declaration.internal} - {"code"}
    assert names | {"mall", "service"} == set(schema["properties"])
