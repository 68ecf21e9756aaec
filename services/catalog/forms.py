"""The forms of the administrators' pages: which fields they have, with which limits, from what is declared of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from services.catalog.domain.declaration import fields_of, limits_of
from services.catalog.domain.directory import AgencyListed, CounterListed, ServiceListed
from services.catalog.domain.limits import CLASS_NAME, REASON, Limit, attributes
from services.catalog.domain.mall import Bookings, HoursException, MallListed, Priority, PriorityClass

FORMS: Mapping[str, Mapping[str, Limit]] = {
    "mall": {**limits_of(MallListed), **limits_of(Bookings), **limits_of(Priority)},
    "exception": limits_of(HoursException),
    "class": {"id": CLASS_NAME, "en": CLASS_NAME, **limits_of(PriorityClass)},
    "agency": limits_of(AgencyListed),
    "suspension": {"reason": REASON},
    "service": limits_of(ServiceListed),
    "counter": limits_of(CounterListed),
}


KINDS: Mapping[Any, str] = {str: "text", int: "number", int | None: "number", tuple[str, ...]: "lines"}
PLACED = ("code", "name", "agency")  # fields that a form places itself


@dataclass(frozen=True)
class Input:
    """A field of a form: its name, `text`, `number` or `lines`, and its limits as attributes."""

    name: str
    kind: str
    attributes: Markup


def inputs(kind: type) -> list[Input]:
    """Return the fields of an entry's form that follow from what is declared, in order."""
    shown = [each for each in fields_of(kind) if each.type in KINDS and not each.declaration.internal]
    found = [each for each in shown if each.name not in PLACED]
    return [Input(each.name, KINDS[each.type], _attributes(each.declaration.limit)) for each in found]


def limit_of_field(form: str, name: str) -> Markup:
    """Return the limits of a form's field as attributes, from the declaration that the rules check too."""
    return _attributes(FORMS[form].get(name))


def _attributes(limit: Limit | None) -> Markup:
    return Markup(" ").join(Markup('{}="{}"').format(*one) for one in (attributes(limit) if limit else {}).items())
