"""The seed command against a real database, as an operator runs it."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from services.catalog.app import create_app
from services.catalog.directory import Malls
from services.catalog.domain.declaration import public
from services.catalog.domain.directory import ChangeMall, ImportCatalog, ServiceListed, UnknownMall
from services.catalog.domain.hours import WEEKDAYS
from services.catalog.seed import read
from services.chassis.event_store import EventStore
from services.kernel import tokens


@pytest.fixture
def environment(mongo_server, database) -> dict[str, str]:
    return os.environ | {"MONGO_URL": mongo_server.url, "MONGO_DATABASE": database.name, "LOG_LEVEL": "ERROR"}


@pytest.fixture
def seed(environment):
    """Run the seed command on folders."""

    def run(*folders) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "services.catalog.seed", *map(str, folders)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def imported(store):
    """Import a folder as the command does, without a process of its own: for tests of what follows."""

    def run(folder) -> None:
        Malls(store).act("pekalongan", ImportCatalog(read(folder)), actor="seed")

    return run


@pytest.fixture
def client(environment, monkeypatch, tmp_path):
    tokens.make_keys(tmp_path / "keys")
    for name in ("MONGO_URL", "MONGO_DATABASE"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    return create_app().test_client()


def test_a_mall_is_imported_once_however_often_the_command_runs(seed, folder, store: EventStore):
    first, second = seed(folder.path), seed(folder.path)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == f"{folder.path}: 177 changes\n"
    assert second.stdout == f"{folder.path}: 0 changes\n"
    assert [(c.version, len(c.events)) for c in store.read("mall/pekalongan")] == [(1, 177)]


def test_the_record_tells_that_it_was_the_seed(seed, folder, store):
    seed(folder.path)
    (commit,) = store.read("mall/pekalongan")
    assert [command.actor for command in commit.commands] == ["seed"]


def test_a_change_of_the_files_is_imported_alone(seed, folder, store):
    seed(folder.path)
    folder.mall(capacity=120)
    assert seed(folder.path).stdout == f"{folder.path}: 1 changes\n"
    assert Malls(store).get("pekalongan").mall.capacity == 120


def test_what_administrators_changed_stays_when_only_new_malls_are_imported(seed, folder, store):
    assert seed("--new", folder.path).stdout == f"{folder.path}: 177 changes\n"
    Malls(store).act("pekalongan", ChangeMall({"capacity": 150}))
    again = seed("--new", folder.path)
    assert (again.returncode, again.stdout) == (0, f"{folder.path}: pekalongan is known already, and stays as it is\n")
    assert Malls(store).get("pekalongan").mall.capacity == 150


def test_a_faulty_folder_is_refused_whole_with_every_fault(seed, folder, store):
    line = folder.add("services.tsv", "PLN-SATU", "Layanan", "PLN", "G23", "sebentar", "KTP", "I")
    folder.add("counters.tsv", "G24", "Gerai 24", "dasar", "PLN")
    done = seed(folder.path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{folder.path} was not imported:")
    assert f"services.tsv line {line}: minutes" in done.stderr
    assert "counters.tsv line 25: floor" in done.stderr
    with pytest.raises(UnknownMall):
        Malls(store).get("pekalongan")


def test_a_wrong_environment_is_told_before_anything_happens(folder):
    command = [sys.executable, "-m", "services.catalog.seed", str(folder.path)]
    done = subprocess.run(command, env={"LOG_LEVEL": "LOUD"}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["setting MONGO_URL", "setting LOG_LEVEL"]


def test_what_was_imported_is_what_the_api_tells(imported, folder, client):
    assert client.get("/catalog/api/malls").json == {"malls": []}
    imported(folder.path)
    summary = {"code": "pekalongan", "name": "MPP Kota Pekalongan", "city": "Kota Pekalongan"}
    assert client.get("/catalog/api/malls").json == {"malls": [summary]}
    mall = client.get("/catalog/api/malls/pekalongan").json
    assert (len(mall["agencies"]), len(mall["counters"]), mall["capacity"]) == (23, 23, 100)
    assert mall["week"]["monday"] == [["08:00", "15:00"]]
    assert mall["week"]["sunday"] == []
    assert mall["zone"] == "Asia/Jakarta"


def test_the_api_finds_services_with_their_agency_line_and_counters(imported, folder, client):
    imported(folder.path)
    everything = client.get("/catalog/api/malls/pekalongan/services").json["services"]
    assert len(everything) == 130
    (ktp,) = client.get("/catalog/api/malls/pekalongan/services?q=perekaman+ktp").json["services"]
    expected = {
        "code": "DUKCAPIL-KTPREKAM",
        "name": "Perekaman KTP-el",
        "agency": "DUKCAPIL",
        "agency_name": "Dinas Kependudukan dan Pencatatan Sipil Kota Pekalongan",
        "line": "B",
        "minutes": 10,
        "requirements": ["Usia 17+/sudah kawin", "fotokopi KK"],
        "capacity": None,
        "counters": [{"code": "G02", "floor": 1}],
        "standard": {},
        "suspended": "",
    }
    usual = public(ServiceListed("", "", "", 1))
    del usual["components"]  # `standard` in answers
    assert ktp == usual | expected


def test_the_directory_page_shows_what_was_imported(imported, folder, client):
    imported(folder.path)
    page = client.get("/catalog/malls/pekalongan?q=perekaman+ktp").text
    assert "Perekaman KTP-el" in page
    assert "Perpanjangan SIM A" not in page
    assert "MPP Kota Pekalongan" in client.get("/").text


def test_the_api_tells_the_rules_of_a_mall_as_its_file_has_them(imported, folder, client):
    exceptions = [{"date": "2026-12-24", "intervals": [["08:00", "11:00"]], "reason": "Jam khusus akhir tahun"}]
    folder.mall(exceptions=exceptions)
    folder.column("services.tsv", "capacity", **{"DUKCAPIL-KTPREKAM": "40"})
    folder.column("counters.tsv", "week", G14="monday 08:00-12:00")
    imported(folder.path)
    in_file = json.loads((folder.path / "mall.json").read_text())
    mall = client.get("/catalog/api/malls/pekalongan").json
    assert {name: mall[name] for name in in_file} == in_file
    weeks = {counter["code"]: counter["week"] for counter in mall["counters"]}
    assert weeks.pop("G14") == {day: [["08:00", "12:00"]] if day == "monday" else [] for day in WEEKDAYS}
    assert set(weeks.values()) == {None}
    (ktp,) = client.get("/catalog/api/malls/pekalongan/services?q=perekaman+ktp").json["services"]
    assert ktp["capacity"] == 40


def seen(client, query: str = "") -> str:
    """The directory page without the words for its script."""
    return client.get(f"/catalog/malls/pekalongan{query}").text.partition("<script")[0]


def test_the_directory_page_tells_the_holidays_and_whom_a_counter_calls_first(imported, folder, client):
    imported(folder.path)
    page = seen(client)
    assert "08.00–11.30<br>13.00–15.00" in page
    assert "Tutup pada hari libur nasional. Tutup pada hari cuti bersama." in page
    assert "paling banyak 2 berturut-turut" in page
    assert "lebih dari 60 menit" in page
    assert "Penyandang disabilitas, Lansia (60 tahun ke atas), Ibu hamil, Membawa balita" in page
    page = seen(client, "?lang=en")
    assert "Closed on national holidays. Closed on days of joint leave." in page
    assert "at most 2 in a row" in page


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [("strict", "Pengunjung prioritas selalu didahulukan."), ("fifo", "sesuai urutan kedatangan.")],
)
def test_the_directory_page_tells_other_rules_too(imported, folder, client, rule, sentence):
    folder.mall(priority={"rule": rule, "ceiling_minutes": 60}, closed_on=[])
    imported(folder.path)
    page = seen(client)
    assert sentence in page
    assert "60 menit" not in page
    assert ("Penyandang disabilitas" in page) is (rule == "strict")
    assert "libur nasional" not in page


def test_the_directory_page_tells_dates_with_hours_of_their_own_until_they_are_over(imported, folder, client):
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
    reasons = {-3: "Sudah lewat", 9: "Pemeliharaan gedung", 3: "Jam khusus akhir tahun"}
    folder.mall(
        exceptions=[
            {
                "date": (today + timedelta(days)).isoformat(),
                "intervals": [["08:00", "11:00"]] if days == 3 else [],
                "reason": reason,
            }
            for days, reason in reasons.items()
        ]
    )
    imported(folder.path)
    page = seen(client)
    assert "Sudah lewat" not in page
    assert 0 < page.index("Jam khusus akhir tahun") < page.index("08.00–11.00") < page.index("Pemeliharaan gedung")
    assert format_date(today + timedelta(3), "EEE, d MMM y", locale="id") in page


def test_a_mall_nobody_imported_is_unknown(client):
    for path in ("/catalog/api/malls/batang", "/catalog/api/malls/batang/services"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["reason"]) == (404, "unknown-mall")


def test_a_search_that_is_too_long_is_refused_with_the_field_named(client):
    answer = client.get(f"/catalog/api/malls/pekalongan/services?q={'x' * 101}")
    assert (answer.status_code, answer.json["reason"]) == (422, "invalid")
    assert answer.json["errors"] == {"q": ["Terlalu panjang; paling banyak 100 huruf."]}
