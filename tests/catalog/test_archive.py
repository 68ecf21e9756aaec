"""What a ZIP of a catalog may be: small, plain, and never more in memory than the files that are read."""

import base64
import io
import json
import subprocess
import sys
import zipfile
import zlib

import pytest

from services.catalog.archive import LARGEST, MEMBERS, unpacked
from services.catalog.domain.directory import InvalidCatalog

MB = 1024 * 1024
BEYOND = 32 * MB  # that a refusal may take besides the process itself: a file of 4 MB as bytes, as text, and room
# Limits the memory of this process, unpacks the archive, and prints the result and the bytes that it took.
PROBE = """
import json, resource, sys
from services.catalog.archive import unpacked
from services.catalog.domain.directory import InvalidCatalog
import bz2, lzma
encoded = sys.stdin.read()
size = lambda: int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
peak = lambda: next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
limit = size() + int(sys.argv[1]) + len(encoded) * 2
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    found = {name: len(text) for name, text in unpacked(encoded).items()}
except InvalidCatalog as refusal:
    found = [str(fault) for fault in refusal.params["faults"]]
print(json.dumps([found, peak() - before]))
"""


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def bomb(method: int, megabytes: int = 64, name: str = "agencies.tsv") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive, archive.open(name, "w") as member:
        for _ in range(megabytes):
            member.write(bytes(MB))
    return content.getvalue()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidCatalog) as refused:
        unpacked(encoded(content))
    (fault,) = refused.value.params["faults"]
    return str(fault)


def in_little_memory(content: bytes) -> tuple[object, int]:
    """What an archive leads to in a process with little memory, and how many bytes that took."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(2 * BEYOND)],
        input=encoded(content),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found, taken = json.loads(done.stdout)
    return found, taken


PLAIN = "agencies.tsv: is packed in a way that is not read: pack it as an ordinary ZIP"


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        (zipfile.ZIP_BZIP2, PLAIN),
        (zipfile.ZIP_LZMA, PLAIN),
        (zipfile.ZIP_DEFLATED, "agencies.tsv: is larger than 4 MB"),
    ],
    ids=["bzip2", "lzma", "deflated"],
)
def test_archive_bomb_is_refused_in_little_memory(method, fault):
    content = bomb(method)
    assert len(content) < 400_000
    found, taken = in_little_memory(content)
    assert found == [fault]
    assert taken < BEYOND


def test_archive_that_lies_about_its_sizes_is_inflated_no_further(tmp_path):
    content = bytearray(bomb(zipfile.ZIP_DEFLATED, 50))
    size = (50 * MB).to_bytes(4, "little")
    assert content.count(size) == 2  # in the member's own head, or after it, and in the archive's list
    lying = bytes(content).replace(size, (1000).to_bytes(4, "little"))
    found, taken = in_little_memory(lying)
    assert isinstance(found, list)
    assert taken < BEYOND


def test_archive_of_many_members_is_refused_in_little_memory():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}.tsv", b"")
    found, taken = in_little_memory(content.getvalue())
    assert found == [f"more than {MEMBERS} files are in the ZIP"]
    assert taken < BEYOND


def test_archive_that_lies_about_how_many_members_it_has_is_refused():
    content = bytearray(packed({f"{number}.tsv": b"" for number in range(MEMBERS + 1)}))
    end = content.rfind(b"PK\x05\x06")
    content[end + 8 : end + 12] = b"\x01\x00\x01\x00"
    assert refusal(bytes(content)) == f"more than {MEMBERS} files are in the ZIP"


def test_members_beside_the_catalog_are_never_inflated():
    content = io.BytesIO(bomb(zipfile.ZIP_BZIP2, name="foto.jpg"))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("agencies.tsv", "code\tname\tline\n")
    found, taken = in_little_memory(content.getvalue())
    assert found == {"agencies": 15}
    assert taken < BEYOND


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_members_are_read(method):
    assert unpacked(encoded(packed({"mpp/agencies.tsv": b"code", "mall.json": b"{}"}, method))) == {
        "agencies": "code",
        "mall": "{}",
    }


def test_largest_file_is_read_and_one_byte_more_refused():
    assert len(unpacked(encoded(packed({"mall.json": b" " * LARGEST})))["mall"]) == LARGEST
    assert refusal(packed({"mall.json": b" " * (LARGEST + 1)})) == "mall.json: is larger than 4 MB"


def test_encrypted_member_is_refused():
    content = bytearray(packed({"agencies.tsv": b"code"}))
    for head, flags in ((content.find(b"PK\x03\x04"), 6), (content.find(b"PK\x01\x02"), 8)):
        content[head + flags] |= 1
    assert refusal(bytes(content)) == "agencies.tsv: is encrypted: pack it without a password"


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["agencies.tsv", "agencies.tsv"], "agencies.tsv: is in the ZIP twice"),
        (["a/agencies.tsv", "b/agencies.csv"], "agencies.csv: is in the ZIP twice"),
        (["mall.json", f"{'x' * 201}.tsv"], f"{'x' * 40}…: has a name that is too long"),
        ([f"{'x/' * 100}mall.json"], "mall.json…: has a name that is too long"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archive_with_faulty_names_is_refused(names, fault):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
    assert refusal(content.getvalue()) == fault


def test_archive_in_an_archive_is_no_table():
    inner = packed({"agencies.tsv": b"code\tname\tline\n"})
    assert refusal(packed({"catalog.zip": inner})).startswith("none of mall.json")
    assert refusal(packed({"agencies.tsv": inner})) == "agencies.tsv: is not UTF-8 text: save it as CSV UTF-8"


@pytest.mark.parametrize("cut", [0, 3, 21, 40, 60, 100])
def test_archive_that_is_cut_is_refused(cut):
    content = packed({"agencies.tsv": zlib.compress(b"code") * 3})
    assert refusal(content[: len(content) - cut - 1]) == "this is no ZIP that can be read"
