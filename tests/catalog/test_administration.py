"""Administrators change a mall's directory over HTTP, on a real store."""

import base64
import io
import json
import zipfile

import pytest

from services.catalog import tables
from services.catalog.directory import Malls
from services.catalog.domain.directory import ImportCatalog
from services.catalog.seed import read

API = "/catalog/api/malls/pekalongan"
OMBUDSMAN = {
    "agency": {"code": "OMBUDSMAN", "name": "Ombudsman RI", "line": "ZA"},
    "counter": {"code": "G24", "name": "Gerai 24", "floor": 2},
    "services": [
        {"code": "OMBUDSMAN-PENSIUN", "name": "Klaim pensiun", "minutes": 20, "requirements": ["KTP-el", "SK pensiun"]},
        {"code": "OMBUDSMAN-DATA", "name": "Perubahan data peserta", "minutes": 10},
    ],
}
SERVICE = {
    "name": "Info tagihan",
    "agency": "PLN",
    "minutes": 5,
    "fee": "Gratis",
    "eligibility": "Pelanggan Kota Pekalongan",
    "components": {"procedure": "Ambil nomor, tunggu, dilayani", "staff_count": "1 orang", "product": ""},
    "counters": ["G23"],
}


@pytest.fixture
def malls(store, folder) -> Malls:
    found = Malls(store)
    found.act("pekalongan", ImportCatalog(read(folder.path)), actor="seed")
    return found


class Office:
    """An administrator at the API."""

    def __init__(self, web, headers: dict[str, str]) -> None:
        self._web, self._headers = web, headers

    def __call__(self, method: str, path: str, body=None, **more):
        headers = self._headers | more.pop("headers", {})
        return self._web.open(f"{API}{path}", method=method, json=body, headers=headers, **more)

    def done(self, method: str, path: str, body=None, **more) -> list[tuple[str, str, str]]:
        """What a change made different."""
        answer = self(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return [(one["act"], one["kind"], one["code"]) for one in answer.json["changes"]]

    def refused(self, method: str, path: str, body=None, **more) -> tuple[int, str, object]:
        """Status, reason and errors of a refusal."""
        answer = self(method, path, body, **more)
        assert answer.mimetype == "application/problem+json"
        return answer.status_code, answer.json["reason"], answer.json.get("errors")


@pytest.fixture
def office(web, malls, bearer) -> Office:
    return Office(web, bearer())


def test_a_new_agency_joins_with_counter_and_services_in_one_commit(office, malls, store):
    before = len(store.read("mall/pekalongan"))
    assert office.done("POST", "/agencies", OMBUDSMAN) == [
        ("added", "agency", "OMBUDSMAN"),
        ("added", "service", "OMBUDSMAN-PENSIUN"),
        ("added", "service", "OMBUDSMAN-DATA"),
        ("added", "counter", "G24"),
    ]
    (commit,) = store.read("mall/pekalongan")[before:]
    assert [event.type for event in commit.events] == [
        "AgencyListed",
        "ServiceListed",
        "ServiceListed",
        "CounterListed",
    ]
    assert commit.commands[0].actor == "Bu Ratna"
    assert malls.get("pekalongan").counters["G24"].services == ("OMBUDSMAN-PENSIUN", "OMBUDSMAN-DATA")


def test_a_preview_tells_the_difference_and_changes_nothing(office, malls, store):
    before = malls.get("pekalongan")
    assert len(office.done("POST", "/agencies?dry_run=true", OMBUDSMAN)) == 4
    answer = office("PUT", "/agencies/PLN?dry_run=true", {"name": "PLN", "line": "W"}).json
    (change,) = answer["changes"]
    assert answer["dry_run"] is True
    assert change["differs"] == [{"field": "name", "before": "PT PLN (Persero) UP3 Pekalongan", "after": "PLN"}]
    assert malls.get("pekalongan") == before
    assert len(store.read("mall/pekalongan")) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"capacity": 5}),
        ("PUT", "/services/PLN-INFO", SERVICE),
        ("PUT", "/counters/G23", {"name": "Gerai 23", "floor": 2, "agency": "PLN"}),
        ("DELETE", "/agencies/PLN?with_all=true", None),
        ("DELETE", "/services/PLN-BAYAR", None),
        ("DELETE", "/counters/G23", None),
        ("PUT", "/agencies/PLN/suspension", {"reason": "Listrik padam"}),
    ],
)
def test_every_change_can_be_previewed(office, store, method, path, body):
    dry = path + ("&" if "?" in path else "?") + "dry_run=true"
    assert office.done(method, dry, body)
    assert len(store.read("mall/pekalongan")) == 1


def test_a_key_that_comes_back_does_it_once(office, store):
    headers = {"Idempotency-Key": "kunci-1"}
    first = office.done("POST", "/agencies", OMBUDSMAN, headers=headers)
    assert [code for _, _, code in office.done("POST", "/agencies", OMBUDSMAN, headers=headers)] == [
        x[2] for x in first
    ]
    assert len(store.read("mall/pekalongan")) == 2
    other = OMBUDSMAN | {"counter": OMBUDSMAN["counter"] | {"floor": 1}}
    assert office.refused("POST", "/agencies", other, headers=headers)[:2] == (422, "key-reused")


def test_faults_of_a_new_agency_are_told_by_field_in_the_readers_language(office):
    wrong = OMBUDSMAN | {"agency": OMBUDSMAN["agency"] | {"line": "W", "name": ""}}
    status, reason, errors = office.refused("POST", "/agencies", wrong)
    assert (status, reason) == (422, "invalid-entry")
    assert errors == {"agency.name": ["Tulis namanya."], "agency.line": ["Huruf W sudah dipakai instansi lain."]}
    english = office.refused("POST", "/agencies", wrong, headers={"Accept-Language": "en"})[2]
    assert english["agency.line"] == ["Line W is used by another agency."]


def test_an_agency_is_changed_suspended_and_returns(office, malls):
    assert office.done("PUT", "/agencies/PLN", {"name": "PLN ULP Pekalongan", "line": "W"}) == [
        ("changed", "agency", "PLN")
    ]
    office.done("PUT", "/agencies/PLN/suspension", {"reason": "Jaringan pusat terganggu"})
    assert malls.get("pekalongan").agencies["PLN"].suspended == "Jaringan pusat terganggu"
    office.done("DELETE", "/agencies/PLN/suspension")
    assert malls.get("pekalongan").agencies["PLN"].suspended == ""


def test_an_agency_leaves_only_with_all_that_is_its_own(office, malls):
    assert office.refused("DELETE", "/agencies/PLN")[:2] == (409, "agency-in-use")
    left = office.done("DELETE", "/agencies/PLN?with_all=true")
    assert left[0] == ("withdrawn", "counter", "G23")
    assert left[-1] == ("withdrawn", "agency", "PLN")
    assert office.done("DELETE", "/agencies/PLN?with_all=true") == []
    assert "PLN" not in malls.get("pekalongan").agencies


def test_an_agency_nobody_knows_is_not_found(office):
    assert office.refused("PUT", "/agencies/OMBUDSMAN/suspension", {"reason": "Pindah"})[:2] == (404, "unknown-agency")


def test_a_service_is_offered_with_its_standard_and_withdrawn(office, malls):
    assert office.done("PUT", "/services/PLN-INFO", SERVICE) == [
        ("added", "service", "PLN-INFO"),
        ("changed", "counter", "G23"),
    ]
    service = malls.get("pekalongan").services["PLN-INFO"]
    assert service.components == {"procedure": "Ambil nomor, tunggu, dilayani", "staff_count": "1 orang"}
    assert (service.fee, service.eligibility) == ("Gratis", "Pelanggan Kota Pekalongan")
    office.done("DELETE", "/services/PLN-INFO")
    assert "PLN-INFO" not in malls.get("pekalongan").services


def test_a_component_that_no_standard_has_is_refused(office):
    status, _, errors = office.refused("PUT", "/services/PLN-INFO", SERVICE | {"components": {"colour": "biru"}})
    assert status == 422
    assert "components" in errors


def test_a_counter_moves_and_keeps_hours_of_its_own(office, malls):
    body = {"name": "Gerai 23", "floor": 2, "agency": "PLN", "services": ["PLN-BAYAR"]}
    office.done("PUT", "/counters/G23", body | {"week": {"monday": [["08:00", "12:00"]]}})
    counter = malls.get("pekalongan").counters["G23"]
    assert (counter.floor, counter.services) == (2, ("PLN-BAYAR",))
    assert (counter.week["monday"], counter.week["tuesday"]) == ((("08:00", "12:00"),), ())


def test_hours_that_are_none_are_told_at_their_day(office):
    body = {"name": "Gerai 23", "floor": 1, "agency": "PLN"}
    late = office.refused("PUT", "/counters/G23", body | {"week": {"monday": [["15:00", "08:00"]]}})
    assert late[2] == {"week.monday": ["Jam buka harus sebelum jam tutup, dan rentang berikutnya sesudahnya."]}
    half = office.refused("PUT", "/counters/G23", body | {"week": {"monday": [["15:00"]]}})
    assert half[2] == {"week.monday.0": ["Isi jam buka dan jam tutup."]}


def test_a_preview_names_services_that_would_have_no_counter(office):
    answer = office("DELETE", "/counters/G23?dry_run=true").json
    assert "PLN-BAYAR" in answer["without_counter"]


def test_the_rules_of_the_mall_change_in_the_fields_that_are_given(office, malls):
    rules = {
        "capacity": 120,
        "exceptions": [{"date": "2026-12-24", "intervals": [["08:00", "11:00"]], "reason": "Jam khusus"}],
        "closed_on": ["public-holiday"],
        "bookings": None,
        "week": {"friday": [["08:00", "11:30"], ["13:00", "15:00"]]},
    }
    assert office.done("PUT", "", rules) == [("changed", "mall", "pekalongan")]
    mall = malls.get("pekalongan").mall
    assert (mall.capacity, mall.closed_on, mall.bookings) == (120, ("public-holiday",), None)
    assert mall.week["monday"] == ()
    assert mall.name == "MPP Kota Pekalongan"
    assert office.done("PUT", "", rules) == []


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"capacity": -1}, "capacity"),
        ({"kept_for_bookings": 500}, "kept_for_bookings"),
        ({"priority": {"rule": "random"}}, "priority.rule"),
        ({"exceptions": [{"date": "besok", "intervals": [], "reason": "x"}]}, "exceptions.0.date"),
        ({"week": {"monday": [["25:00", "26:00"]]}}, "week.monday"),
        ({"colour": "biru"}, "colour"),
    ],
)
def test_rules_that_do_not_fit_are_told_by_field(office, rules, field):
    status, _, errors = office.refused("PUT", "", rules)
    assert status == 422
    assert field in errors


def test_the_history_tells_who_changed_what_when(office, web, bearer):
    office.done("PUT", "/agencies/PLN", {"name": "PLN", "line": "W"})
    office.done("DELETE", "/counters/G23")
    newest, renamed, first = (
        office("GET", "/history").json["history"][:2] + office("GET", "/history?code=PLN").json["history"][-1:]
    )
    assert (newest["actor"], newest["act"], newest["code"], newest["name"]) == (
        "Bu Ratna",
        "withdrawn",
        "G23",
        "Gerai 23",
    )
    assert renamed["differs"] == [{"field": "name", "before": "PT PLN (Persero) UP3 Pekalongan", "after": "PLN"}]
    assert (first["actor"], first["act"], first["at"][-6:]) == ("seed", "added", "+07:00")
    assert web.get(f"{API}/history", headers=bearer("auditor")).status_code == 200


def test_an_export_is_imported_again_without_a_change_as_a_document(office):
    document = office("GET", "/export").json
    assert len(document["services"]) == 130
    assert office.done("POST", "/import", {"document": document}) == []


def test_an_export_is_imported_again_without_a_change_as_tables(office):
    archive = zipfile.ZipFile(io.BytesIO(office("GET", "/export?format=tsv").data))
    files = {name.partition(".")[0]: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {"mall", "agencies", "services", "counters"}
    assert office.done("POST", "/import", {"tables": files}) == []


def test_both_formats_keep_all_that_administrators_can_say(office, malls):
    office.done("POST", "/agencies", OMBUDSMAN)
    office.done("PUT", "/services/PLN-INFO", SERVICE | {"components": {"procedure": 'Satu\n"dua"\ttiga'}})
    office.done("PUT", "/agencies/PLN/suspension", {"reason": "Listrik padam; lagi"})
    office.done("DELETE", "/counters/G02")
    week = {"monday": [["08:00", "10:00"], ["11:00", "12:00"]]}
    office.done("PUT", "/counters/G24", {"name": "Gerai 24", "floor": 2, "agency": "OMBUDSMAN", "week": week})
    known = malls.get("pekalongan")
    assert tables.read(tables.written(known)) == known
    assert office.done("POST", "/import", {"document": office("GET", "/export").json}) == []


def test_one_table_is_taken_out_changed_and_put_in(office, malls):
    answer = office("GET", "/export?format=tsv&table=services")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="services.tsv"'
    text = answer.text.replace("Pembayaran tagihan / token", "Pembayaran tagihan")
    body = {"tables": {"services": "\ufeff" + text}}
    assert office.done("POST", "/import?dry_run=true", body) == [("changed", "service", "PLN-BAYAR")]
    assert malls.get("pekalongan").services["PLN-BAYAR"].name == "Pembayaran tagihan / token"
    office.done("POST", "/import", body)
    assert malls.get("pekalongan").services["PLN-BAYAR"].name == "Pembayaran tagihan"


def test_an_import_with_a_fault_changes_nothing_and_names_row_and_column(office, store):
    text = office("GET", "/export?format=tsv&table=counters").text
    answer = office("POST", "/import", {"tables": {"counters": text.replace("G23\tGerai 23\t1", "G23\tGerai 23\tdua")}})
    assert (answer.status_code, answer.json["reason"]) == (422, "invalid-catalog")
    assert answer.json["faults"] == ["counters.tsv baris 24: floor harus berupa angka, bukan 'dua'"]
    headers = {"Accept-Language": "en"}
    body = {"tables": {"counters": text.replace("G23\tGerai 23\t1", "G23\tGerai 23\tdua")}}
    in_english = office("POST", "/import", body, headers=headers).json["faults"]
    assert in_english == ["counters.tsv line 24: floor must be a number, not 'dua'"]
    document = office("GET", "/export").json
    document["services"][3]["minutes"] = "lama"
    assert office("POST", "/import", {"document": document}).json["faults"] == [
        "services[3].minutes: Harus berupa bilangan bulat."
    ]
    assert len(store.read("mall/pekalongan")) == 1


def test_the_catalog_of_another_mall_is_not_imported_here(office):
    document = office("GET", "/export").json
    document["mall"]["code"] = "batang"
    assert office("POST", "/import", {"document": document}).json["faults"] == [
        "mall: code: ini bukan katalog pekalongan"
    ]


def test_an_import_is_a_document_or_tables(office):
    assert office.refused("POST", "/import", {})[0] == 422
    assert office.refused("POST", "/import", {"document": {}, "tables": {}})[0] == 422


def packed(files: dict[str, bytes]) -> dict[str, str]:
    """An import of these files in a ZIP."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return {"archive": base64.b64encode(content.getvalue()).decode()}


def test_the_zip_of_an_export_is_imported_again_without_a_change(office, malls):
    content = office("GET", "/export?format=tsv").data
    assert office.done("POST", "/import", {"archive": base64.b64encode(content).decode()}) == []
    tables_alone = {
        "mpp/counters.csv": tables.written(malls.get("pekalongan"))["counters.tsv"].replace(
            "G02\tGerai 2", "G02\tLoket 02"
        )
    }
    body = packed({name: ("\ufeff" + text).encode() for name, text in tables_alone.items()} | {"mpp/catatan.doc": b"x"})
    assert office.done("POST", "/import?dry_run=true", body) == [("changed", "counter", "G02")]
    assert malls.get("pekalongan").counters["G02"].name == "Gerai 2"
    assert office.done("POST", "/import", body) == [("changed", "counter", "G02")]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            {"catatan.txt": b"x"},
            "Tidak satu pun dari mall.json, agencies.tsv, services.tsv, counters.tsv ada di dalam ZIP.",
        ),
        ({"agencies.tsv": b"\xff\xfe"}, "agencies.tsv: bukan teks UTF-8: simpan sebagai CSV UTF-8"),
        ({"a/agencies.tsv": b"", "b/agencies.csv": b""}, "agencies.csv: ada dua kali di dalam ZIP"),
        ({"services.tsv": b" " * (4 * 1024 * 1024 + 1)}, "services.tsv: lebih besar dari 4 MB"),
    ],
    ids=["nothing of ours", "no text", "twice", "a bomb"],
)
def test_a_zip_that_is_not_what_it_should_be_is_told_in_words(office, store, files, fault):
    answer = office("POST", "/import", packed(files))
    assert (answer.status_code, answer.json["faults"]) == (422, [fault])
    assert len(store.read("mall/pekalongan")) == 1


@pytest.mark.parametrize("given", ["bukan base64!", base64.b64encode(b"bukan zip").decode(), ""])
def test_what_is_no_zip_is_told_so(office, given):
    assert office("POST", "/import", {"archive": given}).json["faults"] == ["Ini bukan ZIP yang dapat dibaca."]


BATANG = {
    "code": "batang",
    "name": "MPP Kabupaten Batang",
    "city": "Kabupaten Batang",
    "address": "Jalan Veteran 1",
    "capacity": 80,
    "week": {"monday": [["08:00", "15:00"]]},
}


def open_mall(web, headers, body, query=""):
    return web.post(f"/catalog/api/malls{query}", json=body, headers=headers)


def test_an_administrator_opens_a_mall_and_fills_it(web, bearer, store):
    root = bearer(mall="")
    assert open_mall(web, root, BATANG, "?dry_run=true").json["changes"][0]["act"] == "added"
    assert store.read("mall/batang") == []
    answer = open_mall(web, root, BATANG)
    assert [(one["act"], one["kind"], one["code"]) for one in answer.json["changes"]] == [("added", "mall", "batang")]
    assert open_mall(web, root, BATANG).json["changes"] == [], "once more is no change"
    assert "batang" in [one["code"] for one in web.get("/catalog/api/malls").json["malls"]]
    assert web.get("/catalog/api/malls/batang").json["zone"] == "Asia/Jakarta"
    joined = web.post("/catalog/api/malls/batang/agencies", json=OMBUDSMAN, headers=root)
    assert joined.status_code == 200
    assert web.get("/catalog/api/malls/batang/services/OMBUDSMAN-DATA").json["agency"] == "OMBUDSMAN"


def test_a_mall_is_not_opened_twice_and_not_by_somebody_of_another(web, bearer, malls):
    taken = open_mall(web, bearer(mall=""), BATANG | {"code": "pekalongan"})
    assert (taken.status_code, taken.json["reason"]) == (409, "mall-exists")
    assert open_mall(web, bearer(mall="pekalongan"), BATANG).json["reason"] == "wrong-scope"
    assert open_mall(web, bearer("supervisor", mall=""), BATANG).json["reason"] == "wrong-role"
    wrong = open_mall(
        web, bearer(mall=""), BATANG | {"code": "Batang!", "city": " ", "week": {"monday": [["15:00", "08:00"]]}}
    )
    assert (wrong.status_code, set(wrong.json["errors"])) == (422, {"code", "city", "week.monday"})


def test_a_service_is_told_with_fee_eligibility_and_the_public_part_of_its_standard(office, web):
    office.done("PUT", "/services/PLN-INFO", SERVICE)
    one = web.get(f"{API}/services/PLN-INFO").json
    assert (one["fee"], one["eligibility"]) == ("Gratis", "Pelanggan Kota Pekalongan")
    assert one["standard"] == {"procedure": "Ambil nomor, tunggu, dilayani"}, "how many work there is internal"
    assert one in web.get(f"{API}/services?agency=PLN").json["services"]
    assert web.get(f"{API}/services/TIDAK-ADA").json["reason"] == "unknown-service"


def test_services_are_narrowed_by_agency_and_floor(web, malls):
    listed = web.get(f"{API}/services?agency=PLN&floor=1").json["services"]
    assert {one["agency"] for one in listed} == {"PLN"}
    assert web.get(f"{API}/services?agency=PLN&floor=9").json["services"] == []


def test_everybody_reads_that_an_agency_is_suspended_and_why(office, web):
    office.done("PUT", "/agencies/PLN/suspension", {"reason": "Listrik padam"})
    assert {one["suspended"] for one in web.get(f"{API}/services?agency=PLN").json["services"]} == {"Listrik padam"}
    for page in ("/catalog/malls/pekalongan", "/catalog/malls/pekalongan/services/PLN-BAYAR"):
        assert "Listrik padam" in web.get(page).text
    assert "Listrik padam" not in web.get("/catalog/malls/pekalongan/services/DUKCAPIL-KTPREKAM").text


def test_a_whole_catalog_may_be_larger_than_other_requests(office, malls):
    document = office("GET", "/export").json
    for service in document["services"]:
        service["components"] = {"procedure": "Ambil nomor antrean, tunggu dipanggil, serahkan berkas. " * 20}
    assert len(json.dumps(document)) > 64 * 1024
    assert len(office.done("POST", "/import", {"document": document})) == 130
    assert office.refused("PUT", "/services/PLN-INFO", SERVICE | {"name": "x" * 70_000})[:2] == (413, "too-large")


@pytest.mark.parametrize("role", ["supervisor", "operator", "auditor", "agency", "device"])
def test_only_administrators_change_and_export(web, malls, bearer, role):
    for method, path in (("PUT", ""), ("POST", "/import"), ("GET", "/export"), ("DELETE", "/agencies/PLN")):
        assert web.open(f"{API}{path}", method=method, json={}, headers=bearer(role)).status_code == 403


def test_an_administrator_of_another_mall_changes_nothing_here(web, malls, bearer):
    answer = web.put(API, json={"capacity": 1}, headers=bearer(mall="batang"))
    assert (answer.status_code, answer.json["reason"]) == (403, "wrong-scope")
    assert web.put(API, json={"capacity": 1}).status_code == 401


def test_a_mall_nobody_imported_is_not_found(web, bearer):
    assert web.put(API, json={"capacity": 1}, headers=bearer()).json["reason"] == "unknown-mall"
