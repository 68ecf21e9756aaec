"""What is derived from the declaration of a field: its defaults, limits and public JSON value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from services.catalog.domain.declaration import KEY, Declaration, declared, fields_of, limits_of, public
from services.catalog.domain.hours import Week
from services.catalog.domain.limits import Number, Text


def entry_kinds() -> tuple[type, type]:
    """Return a kind of entry with a field of each sort, and the kind of one of its fields."""

    @dataclass(frozen=True)
    class Room:
        door: str = field(metadata=declared(Text(9)))
        built: date = field(default=date(2020, 1, 31), metadata=declared())

    @dataclass(frozen=True)
    class Hall:
        code: str = field(metadata=declared(Text(5)))
        seats: int = field(default=4, metadata=declared(Number(1, 9), column=False))
        contact: Mapping[str, str] = field(
            default_factory=dict, metadata=declared(Text(60), keys=("phone", "note"), public_keys=("phone",))
        )
        hours: Week = field(default_factory=dict, metadata=declared())
        other_hours: Week | None = field(default=None, metadata=declared())
        rooms: tuple[Room, ...] = field(default=(), metadata=declared(most=3))
        closed: tuple[date, ...] = field(default=(), metadata=declared())
        names: Mapping[str, date] = field(default_factory=dict, metadata=declared())
        secret: str = field(default="", metadata=declared(Text(9), internal=True))
        stored_only: int = 0

    return Hall, Room


def test_declaration_is_public_column_without_limit_by_default():
    assert declared() == {KEY: Declaration(None, None, "", (), (), (), None, internal=False, column=True)}
    assert declared(Text(3), about="Nama")[KEY] == Declaration(limit=Text(3), about="Nama")


def test_fields_are_those_with_a_declaration_in_order():
    hall, _ = entry_kinds()
    found = fields_of(hall)
    assert [(each.name, each.required, each.default) for each in found] == [
        ("code", True, None),
        ("seats", False, 4),
        ("contact", False, {}),
        ("hours", False, {}),
        ("other_hours", False, None),
        ("rooms", False, ()),
        ("closed", False, ()),
        ("names", False, {}),
        ("secret", False, ""),
    ]
    assert [each.name for each in found if not each.declaration.column] == ["seats"]
    assert (found[1].type, found[4].type) == (int, Week | None)


def test_limits_are_those_of_whole_values():
    hall, _ = entry_kinds()
    assert dict(limits_of(hall)) == {"code": Text(5), "seats": Number(1, 9), "secret": Text(9)}


def test_public_value_of_each_sort_of_field_is_json():
    hall, room = entry_kinds()
    week = {"monday": (("08:00", "15:00"),)}
    shut = {f"{day}day": [] for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")}
    built = hall(
        code="A",
        contact={"phone": "0285", "note": "rahasia"},
        hours=week,
        rooms=(room("kiri"),),
        closed=(date(2026, 12, 25),),
        names={"opened": date(2019, 2, 1)},
        secret="x",
        stored_only=7,
    )
    assert public(built) == {
        "code": "A",
        "seats": 4,
        "contact": {"phone": "0285"},
        "hours": shut | {"monday": [["08:00", "15:00"]]},
        "other_hours": None,
        "rooms": [{"door": "kiri", "built": "2020-01-31"}],
        "closed": ["2026-12-25"],
        "names": {"opened": "2019-02-01"},
    }
    assert public(hall("B"))["contact"] == {}
    assert public(hall("B", other_hours=week))["other_hours"] == shut | {"monday": [["08:00", "15:00"]]}
    assert next(iter(public(hall("B", other_hours={"friday": ()}))["other_hours"])) == "monday"
