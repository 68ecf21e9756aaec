"""Many tickets at once on one mall."""

import threading
from pathlib import Path

import pytest
from e2e.conftest import Site
from e2e.crowd import add_mall, in_stream_order, wait_until_published

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("clients", [8, 32])
def test_two_thousand_tickets_on_one_mall_are_unique_and_told_in_order(site: Site, tmp_path: Path, clients: int):
    if site.system is None:
        pytest.skip("a mall of its own is made on a local system alone")
    mall = f"ramai-{clients}"
    add_mall(site.system, mall, tmp_path)
    got, failed = [], []

    def take(count: int) -> None:
        with site.client() as client:
            for _ in range(count):
                body = {"service": "DUKCAPIL-KTPREKAM", "priority": None}
                answer = client.post(f"/ticketing/api/malls/{mall}/tickets", json=body)
                (got if answer.status_code == 201 else failed).append(answer.json())

    takers = [threading.Thread(target=take, args=(2000 // clients,)) for _ in range(clients)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert failed == []
    total = 2000 // clients * clients
    assert len({ticket["number"] for ticket in got}) == len({ticket["id"] for ticket in got}) == total
    events = wait_until_published(site.system, {ticket["id"] for ticket in got}, mall=mall)
    issued = [event for event in events if event.type.endswith("ticket-issued.v1")]
    assert len(issued) == total
    assert in_stream_order(issued)
    numbers = [int(event.data["number"].partition("-")[2]) for event in issued]
    assert numbers == list(range(1, total + 1))
