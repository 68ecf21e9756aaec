"""Tables for spreadsheets."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

# What a spreadsheet would run, written by whoever gave a reason: at the start of a cell, or after a semicolon or a line
# break, which part cells where the comma is the decimal sign, as in Indonesia.
FORMULA = re.compile(r"(^|[;\r\n])(?=[=+\-@\t\r＝＋－＠])")


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], name: str) -> Response:
    """The rows as a CSV file to download."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({column: safe(row[column]) for column in columns} for row in rows)
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def safe(value: Any) -> Any:
    """The value as a cell that no spreadsheet takes for a formula."""
    return FORMULA.sub(r"\1'", value) if isinstance(value, str) else value
