"""The files of a catalog in a ZIP, as people pack them: in a folder or not, with others beside them or not.

The sizes in a ZIP's records may be wrong: members that are not needed are never inflated, others to 4 MB at most. Only
stored and deflated members are read: the decompressors of the other methods allocate without a bound.
"""

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
MEMBERS = 100  # what else lies in a folder that was packed
LONGEST = 200  # characters of a path
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1  # bit of the flags
STEMS = {name.partition(".")[0]: name for name in FILES}
# Numbers of members are in the archive's end record: read before the list of them, which takes memory for each.
END = b"PK\x05\x06"
END_SIZE = 22


def unpacked(encoded: str) -> dict[str, str]:
    """Return the texts by table (`mall`, `agencies`, …) in a ZIP that is given in base64. Raises `InvalidCatalog`."""
    try:
        packed = base64.b64decode(encoded, validate=True)
        _must_have_few_members(packed)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            found = dict(_texts(archive))
    except (binascii.Error, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise InvalidCatalog(faults=[Fault("archive", "this is no ZIP that can be read")]) from None
    if not found:
        says = "none of {names} is in the ZIP"
        raise InvalidCatalog(faults=[Fault("archive", says, {"names": ", ".join(FILES)})])
    return found


def _must_have_few_members(packed: bytes) -> None:
    """Refuse an archive by the count in its end record; `_texts` counts again, for the record may be wrong."""
    end = packed.rfind(END)
    if 0 <= end <= len(packed) - END_SIZE and int.from_bytes(packed[end + 10 : end + 12], "little") > MEMBERS:
        raise _too_many()


def _texts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise _too_many()
    seen = set()
    for member in members:
        path = PurePosixPath(member.filename)
        if len(member.filename) > LONGEST:
            raise InvalidCatalog(faults=[_fault(f"{path.name[:40]}…", "has a name that is too long")])
        stem = path.name.partition(".")[0]
        if member.is_dir() or stem not in STEMS or path.suffix not in (".tsv", ".csv", ".txt", ".json"):
            continue
        if "__MACOSX" in path.parts:
            continue
        if stem in seen:
            raise InvalidCatalog(faults=[_fault(path.name, "is in the ZIP twice")])
        seen.add(stem)
        yield stem, text(_content(archive, member, path.name), path.name)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    if member.flag_bits & ENCRYPTED:
        raise InvalidCatalog(faults=[_fault(name, "is encrypted: pack it without a password")])
    if member.compress_type not in PACKED:
        raise InvalidCatalog(faults=[_fault(name, "is packed in a way that is not read: pack it as an ordinary ZIP")])
    with archive.open(member) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise InvalidCatalog(faults=[_fault(name, "is larger than 4 MB")])
    return content


def text(content: bytes, name: str) -> str:
    """Return the text of a file. Raises `InvalidCatalog` where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidCatalog(faults=[_fault(name, "is not UTF-8 text: save it as CSV UTF-8")]) from None


def _too_many() -> InvalidCatalog:
    return InvalidCatalog(faults=[Fault("archive", "more than {n} files are in the ZIP", {"n": MEMBERS})])


def _fault(name: str, says: str) -> Fault:
    return Fault("archive", says, label=f"{name}: ")
