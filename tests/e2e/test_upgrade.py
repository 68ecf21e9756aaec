"""An upgrade without stopping: an older release and this one beside each other, on the same database and broker."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.conftest import Site, eventually
from e2e.crowd import MALL, Clerk, Visitors, add_mall, code_of, in_stream_order, wait_until_published
from e2e.test_recovery import SERVICES, handed_over, texts_in, worker
from servers import Server, free_port

from services.chassis.event_store import connect
from tools.local import System
from tools.local.system import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
OLDER = "e9f2cc6"  # before figures, traces, and what an event in Kafka tells of its trace
RUN = """
import sys
from pathlib import Path
from deploy.local import System, system
data, port, database, kafka = sys.argv[1:]
with System(Path(data), int(port), database_url=database, kafka=kafka):
    print(system.ROOT, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def older(tmp_path: Path, mongo_server: Server, kafka_server: Server) -> Iterator[tuple[Site, subprocess.Popen]]:
    """All processes of the older release, and what to close its input of so that they end."""
    tree, data, port = tmp_path / "release", tmp_path / "older", free_port()
    packed = subprocess.run(["git", "archive", OLDER, "deploy", "services"], cwd=ROOT, capture_output=True)
    if packed.returncode:
        pytest.skip(f"the history does not reach back to {OLDER}: it is a shallow clone, or none")
    tree.mkdir()
    subprocess.run(["tar", "-x"], input=packed.stdout, cwd=tree, check=True)
    python = tree / ".venv/bin/python"  # with the packages of its time
    subprocess.run([sys.executable, "-m", "venv", tree / ".venv"], check=True)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--require-hashes", "-r", "deploy/requirements.lock"], cwd=tree, check=True)
    command = [str(python), "-c", RUN, str(data), str(port), mongo_server.url, kafka_server.url]
    with subprocess.Popen(command, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == f"{tree}\n"  # it is ready, and it is the older one
            yield Site(f"http://127.0.0.1:{port}", (data / "keys/token_private.pem").read_bytes(), None), process
        finally:
            process.stdin.close()


@pytest.fixture
def newer(tmp_path: Path, older, mongo_server: Server, kafka_server: Server) -> Iterator[Site]:
    """This release, with the same keys."""
    data = tmp_path / "newer"
    (data / "keys").mkdir(parents=True)
    for key in (tmp_path / "older/keys").iterdir():
        (data / "keys" / key.name).write_bytes(key.read_bytes())
    with System(data, database_url=mongo_server.url, kafka=kafka_server.url) as system:
        yield Site(system.url, (data / "keys/token_private.pem").read_bytes(), system)


def test_old_and_new_serve_the_same_mall_beside_each_other_and_the_new_one_goes_on_alone(older, newer, tmp_path: Path):
    old, process = older
    old.system = newer.system  # for the crowd, which asks it for tokens
    add_mall(newer.system, MALL, tmp_path)
    assert eventually(lambda: counters(old) == counters(newer))
    leaving, ending = threading.Event(), threading.Event()
    visitors = [
        Visitors(old, "old", ["DUKCAPIL-KTPREKAM", "POLRES-SIMA"], leaving),
        Visitors(newer, "new", ["DUKCAPIL-KTPREKAM", "POLRES-SIMA"], ending),
    ]
    clerks = [Clerk(old, "G02", leaving), Clerk(newer, "G03", ending)]
    people = [*visitors, *clerks]
    for person in people:
        person.start()
    try:
        assert eventually(lambda: all(len(one.tickets) > 20 for one in visitors), 60)
        assert eventually(lambda: all(len(one.calls) > 5 for one in clerks), 60)
        leaving.set()
        for person in (visitors[0], clerks[0]):
            person.join()
        everybody_sees_all(old, newer, visitors[1].tickets | visitors[0].tickets)
        process.stdin.close()
        process.wait(60)
        alone = len(visitors[1].tickets)
        assert eventually(lambda: len(visitors[1].tickets) > alone + 20, 60)
        act_as_visitors(newer, dict(visitors[0].tickets), dict(visitors[1].tickets))
    finally:
        leaving.set()
        ending.set()
        for person in people:
            person.join()

    assert [person.problems for person in visitors] == [[], []]
    tickets = visitors[0].tickets | visitors[1].tickets
    assert len({ticket["number"] for ticket in tickets.values()}) == len(tickets)
    events = wait_until_published(newer.system, set(tickets))
    issued = [event.subject for event in events if event.type.endswith("ticket-issued.v1")]
    assert sorted(issued) == sorted(tickets)
    assert in_stream_order(events)
    assert {event.position is None for event in events} == {True, False}, "of the older release, and of this one"
    assert [worker(newer.system, service, "verify")[0] for service in SERVICES] == [0, 0, 0]
    assert parked(newer.system) == dict.fromkeys(SERVICES, 0)
    told = [*handed_over(newer.system), *texts_in(tmp_path / "older/sms.log")]
    assert max(Counter(told).values()) == 1
    print(f"{len(visitors[0].tickets)} tickets by the old release, {len(visitors[1].tickets)} by the new one")


def everybody_sees_all(old: Site, newer: Site, tickets: dict[str, dict]) -> None:
    """Both releases show every ticket: the older one, which has no codes, by its id."""
    for site, name in ((old, lambda ticket: ticket["id"]), (newer, code_of)):
        with site.client() as visitor:
            for ticket in tickets.values():
                shown = visitor.get(f"/ticketing/api/malls/{MALL}/tickets/{name(ticket)}").raise_for_status().json()
                assert shown["number"] == ticket["number"]


def act_as_visitors(newer: Site, old_tickets: dict[str, dict], new_tickets: dict[str, dict]) -> None:
    """Visitors of both releases act at this one: by the id of an older ticket, by the code alone of a newer one."""
    with newer.client() as visitor:
        for ticket in (list(old_tickets.values())[-1], list(new_tickets.values())[-1]):
            assert ("code" in ticket) == (ticket in new_tickets.values())
            page = visitor.get(ticket["status_url"]).raise_for_status()
            assert ticket["number"] in page.text
            phone = f"/notifications/api/tickets/{code_of(ticket)}/phone"
            visitor.put(phone, json={"phone": "081200009999"}).raise_for_status()
            cancellation = f"/ticketing/api/malls/{MALL}/tickets/{{}}/cancellation"
            if "code" in ticket:
                assert visitor.post(cancellation.format(ticket["id"])).status_code == 404
            left = visitor.post(cancellation.format(code_of(ticket)))
            assert left.status_code == 200 or left.json()["reason"] == "not-waiting", left.text


def counters(site: Site) -> set[str]:
    """The mall's counters as this release knows them; when it knows all, it knows the rest of the mall too."""
    with site.client("supervisor", mall=MALL) as supervisor:
        overview = supervisor.get(f"/ticketing/api/malls/{MALL}/overview").json()
    return {one["counter"] for one in overview.get("counters", [])}  # none where it has not heard of the mall


def parked(system: System) -> dict[str, int]:
    """How many records each service could not handle."""
    found = {}
    for service in SERVICES:
        database = connect(system.database_url, service)
        found[service] = database["dead_letters"].count_documents({})
        database.client.close()
    return found
