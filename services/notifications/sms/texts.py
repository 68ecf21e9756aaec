"""The wording of texts: fixed, plain ASCII, one segment of 160 characters, opened by the mall's name."""

from collections.abc import Mapping

from services.notifications.domain import Kind

LONGEST = 160

TEMPLATES: Mapping[Kind, str] = {
    "issued": (
        "{mall}: nomor antrean {number}. Saat tiket dibuat ada {ahead} orang di depan Anda. "
        "Kami kirim SMS saat Anda dipanggil."
    ),
    "called": "{mall}: nomor {number} dipanggil. Silakan ke gerai {counter}, lantai {floor}. Tunjukkan nomor Anda.",
}


def render(kind: Kind, values: Mapping[str, str]) -> str:
    """The text of a message."""
    return TEMPLATES[kind].format_map(values)
