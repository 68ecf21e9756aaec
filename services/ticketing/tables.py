"""Tables for spreadsheets."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run, written by whoever gave a reason


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], name: str) -> Response:
    """The rows as a CSV file to download."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({column: _plain(row[column]) for column in columns} for row in rows)
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
