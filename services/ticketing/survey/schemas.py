"""What comes in and goes out of the survey over HTTP."""

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from services.ticketing.api.schemas import text
from services.ticketing.survey.domain import ELEMENTS, PROFILE

MONTH = (Regexp(r"^[12]\d{3}-(0[1-9]|1[0-2])$"), Length(equal=7))  # a line break may stand before $


class ProfileIn(ma.Schema):
    """Who answers, in broad bands; each may be left out."""

    sex = ma.fields.String(load_default="", validate=OneOf(["", *PROFILE["sex"]]))
    age = ma.fields.String(load_default="", validate=OneOf(["", *PROFILE["age"]]))
    education = ma.fields.String(load_default="", validate=OneOf(["", *PROFILE["education"]]))
    occupation = ma.fields.String(load_default="", validate=OneOf(["", *PROFILE["occupation"]]))


def _judged() -> ma.fields.Integer:
    return ma.fields.Integer(required=True, strict=True, validate=Range(1, 4))


Judged = ma.Schema.from_dict({element: _judged() for element in ELEMENTS}, name="Judged")


class AnswersIn(ma.Schema):
    """1 (not good) to 4 (very good) for each of the nine elements. There is no free text: it would name people."""

    answers = ma.fields.Nested(Judged, required=True)
    profile = ma.fields.Nested(ProfileIn, load_default=lambda: ProfileIn().load({}))


class StandingOut(ma.Schema):
    """Whether the survey of a visit can be answered."""

    standing = ma.fields.String(validate=OneOf(["not-over", "open", "answered", "closed"]))


class Wanted(ma.Schema):
    """Months from first to last (both included; this year's so far if left out), of one agency or service if named."""

    first = ma.fields.String(data_key="from", load_default=None, validate=MONTH, metadata={"example": "2026-01"})
    last = ma.fields.String(data_key="to", load_default=None, validate=MONTH, metadata={"example": "2026-12"})
    agency = text(64)
    service = text(64)
    format = ma.fields.String(load_default="json", validate=OneOf(["json", "csv"]))


class IndexOut(ma.Schema):
    """The mall's index of this year so far; null while fewer than five have answered."""

    year = ma.fields.Integer()
    respondents = ma.fields.Integer()
    index = ma.fields.Float(allow_none=True, metadata={"example": 88.75})
    grade = ma.fields.String(allow_none=True, metadata={"example": "A"})
