"""Instants that come in with a request."""

from datetime import datetime
from typing import Any

import marshmallow as ma

FIRST_YEAR, LAST_YEAR = 2000, 2199
OUT_OF_RANGE = "Must be between the years 2000 and 2199."


class Instant(ma.fields.AwareDateTime):
    """An instant with an offset, in a year that every conversion of zones can represent.

    In another zone, the first and the last instants of Python's calendar are in a year that it does not have.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        instant: datetime = super()._deserialize(value, attr, data, **more)
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise ma.ValidationError(OUT_OF_RANGE)
        return instant
