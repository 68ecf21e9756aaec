"""What administrators ask and get over HTTP."""

from typing import get_args

import marshmallow as ma
from marshmallow.validate import Length

from services.catalog.domain.concerns import Reason
from services.catalog.domain.declaration import limits_of
from services.catalog.domain.directory import AgencyListed, CounterListed, ServiceListed
from services.catalog.domain.limits import REASON, keywords
from services.catalog.domain.mall import MallListed
from services.catalog.field_schemas import Text, request_fields, required_fields


class DryRun(ma.Schema):
    """`dry_run`: return what would change, and change nothing."""

    dry_run = ma.fields.Boolean(load_default=False)


class Leaving(DryRun):
    """`with_all`: the agency's counters and services leave too."""

    with_all = ma.fields.Boolean(load_default=False)


class AgencyIn(ma.Schema):
    """An agency and the letter of its line."""

    class Meta:
        """Its fields."""

        include = request_fields(AgencyListed, without=("code", "suspended"))


class NewServiceIn(ma.Schema):
    """A service of an agency that joins."""

    class Meta:
        """Its fields."""

        include = request_fields(ServiceListed, without=("agency",))


class ServiceIn(ma.Schema):
    """A service; `counters` are all that give it, left out: those that do so now."""

    class Meta:
        """The fields of the service itself."""

        include = request_fields(ServiceListed, without=("code",))

    counters = ma.fields.List(Text(), load_default=None, allow_none=True)


class NewCounterIn(ma.Schema):
    """The counter of an agency that joins; `week` has hours of its own, null: whenever the mall is open."""

    class Meta:
        """Its fields."""

        include = request_fields(CounterListed, without=("agency", "services"))


class CounterIn(ma.Schema):
    """A counter and the services it gives; `week` has hours of its own, null: whenever the mall is open."""

    class Meta:
        """Its fields."""

        include = request_fields(CounterListed, without=("code",))


class NewAgencyIn(ma.Schema):
    """An agency that joins, with its code."""

    class Meta:
        """Its fields."""

        include = request_fields(AgencyListed, without=("suspended",))


class AdmissionIn(ma.Schema):
    """An agency that joins, its counter and the services given there."""

    agency = ma.fields.Nested(NewAgencyIn, required=True)
    counter = ma.fields.Nested(NewCounterIn, required=True)
    services = ma.fields.List(ma.fields.Nested(NewServiceIn), required=True)


class SuspensionIn(ma.Schema):
    """Why the agency gives no service for now, in words for visitors."""

    reason = Text(required=True, metadata=keywords(REASON) | {"example": "Jaringan pusat terganggu"})


class MallIn(ma.Schema):
    """The fields of a mall that change, as in `mall.json`; those left out stay."""

    class Meta:
        """Its fields."""

        include = request_fields(MallListed, without=("code",), partial=True)


class NewMallIn(MallIn):
    """A mall to begin with: what it has besides is added later, or imported."""

    class Meta:
        """The fields that have to be given, but for its time zone."""

        include = required_fields(MallListed, without=("zone",))

    zone = Text(load_default="Asia/Jakarta", metadata=keywords(limits_of(MallListed)["zone"]))


class HistoryIn(ma.Schema):
    """The code of an agency, service or counter; left out: everything."""

    code = ma.fields.String(load_default="", validate=Length(max=60))


class FieldOut(ma.Schema):
    """A field that differs."""

    field = ma.fields.String()
    before = ma.fields.Raw(allow_none=True)
    after = ma.fields.Raw(allow_none=True)


class ChangeOut(ma.Schema):
    """An entry that is added, changed or withdrawn."""

    kind = ma.fields.String(metadata={"enum": ["mall", "agency", "service", "counter"]})
    code = ma.fields.String()
    name = ma.fields.String()
    act = ma.fields.String(metadata={"enum": ["added", "changed", "withdrawn"]})
    differs = ma.fields.List(ma.fields.Nested(FieldOut))


class WarningOut(ma.Schema):
    """One way in which a change concerns people; `text` says it in the reader's language."""

    reason = ma.fields.String(metadata={"enum": list(get_args(Reason))})
    text = ma.fields.String(metadata={"example": "Layanan dikeluarkan: Perekaman KTP-el. 3 pengunjung menunggu."})
    waiting = ma.fields.Integer(metadata={"example": 3})
    bookings = ma.fields.Integer(metadata={"example": 0})


class DayOut(ma.Schema):
    """How many bookings of a day a change concerns."""

    day = ma.fields.String(metadata={"format": "date", "example": "2026-12-01"})
    bookings = ma.fields.Integer(metadata={"example": 2})


class ConcernsOut(ma.Schema):
    """The people that a change would concern: visitors who wait today, bookings for today and ahead, each once."""

    text = ma.fields.String(metadata={"description": "A summary in the reader's language; empty if there are none."})
    waiting = ma.fields.Integer(metadata={"example": 3})
    bookings = ma.fields.Integer(metadata={"example": 2})
    days = ma.fields.List(ma.fields.Nested(DayOut))
    warnings = ma.fields.List(ma.fields.Nested(WarningOut))


class ChangesOut(ma.Schema):
    """What is different now, or would be; `without_counter` are services that no counter gives then.

    `concerns` is in the answer of a dry run, null otherwise.
    """

    dry_run = ma.fields.Boolean()
    changes = ma.fields.List(ma.fields.Nested(ChangeOut))
    without_counter = ma.fields.List(ma.fields.String())
    concerns = ma.fields.Nested(ConcernsOut, allow_none=True)


class HistoryRowOut(ChangeOut):
    """A change, with its time and who made it."""

    at = ma.fields.String(metadata={"format": "date-time"})
    actor = ma.fields.String()


class HistoryOut(ma.Schema):
    """Who changed what when, the newest first."""

    history = ma.fields.List(ma.fields.Nested(HistoryRowOut))
