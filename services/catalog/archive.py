"""The files of a catalog in a ZIP, as people pack them: in a folder or not, with others beside them or not."""

import base64
import binascii
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from services.catalog.domain.directory import InvalidCatalog
from services.catalog.tables import FILES
from services.chassis.errors import Fault

LARGEST = 4 * 1024 * 1024  # bytes of each file, whatever the archive says of them
STEMS = {name.partition(".")[0]: name for name in FILES}


def unpacked(encoded: str) -> dict[str, str]:
    """The texts by table (`mall`, `agencies`, …) in a ZIP that is given in base64. Raises `InvalidCatalog`."""
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded, validate=True))) as archive:
            found = dict(_texts(archive))
    except (binascii.Error, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise InvalidCatalog(faults=[Fault("archive", "this is no ZIP that can be read")]) from None
    if not found:
        says = "none of {names} is in the ZIP"
        raise InvalidCatalog(faults=[Fault("archive", says, {"names": ", ".join(FILES)})])
    return found


def _texts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    seen = set()
    for member in archive.infolist():
        path = PurePosixPath(member.filename)
        stem = path.name.partition(".")[0]
        if member.is_dir() or stem not in STEMS or path.suffix not in (".tsv", ".csv", ".txt", ".json"):
            continue
        if "__MACOSX" in path.parts:
            continue
        if stem in seen:
            raise InvalidCatalog(faults=[_fault(path.name, "is in the ZIP twice")])
        seen.add(stem)
        with archive.open(member) as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise InvalidCatalog(faults=[_fault(path.name, "is larger than 4 MB")])
        yield stem, text(content, path.name)


def text(content: bytes, name: str) -> str:
    """The text of a file. Raises `InvalidCatalog` where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidCatalog(faults=[_fault(name, "is not UTF-8 text: save it as CSV UTF-8")]) from None


def _fault(name: str, says: str) -> Fault:
    return Fault("archive", says, place=f"{name}: ")
