"""Revocations reach every service while releases with and without the topic `mpp.access` run beside each other."""

from itertools import product

import pytest
from examples import TUESDAY_NINE

from services.catalog import contract
from services.catalog.access import contract as access_contract
from services.chassis.clock import CLOCK
from services.kernel import access
from services.kernel.access import REVOCATIONS, Revocations

OLD, NEW = "before mpp.access", "with mpp.access"
WRITTEN = {
    OLD: {contract.TOPIC: contract.published},
    NEW: {contract.TOPIC: contract.published, access.TOPIC: access_contract.published},
}
READ = {OLD: (contract.TOPIC,), NEW: access.TOPICS}


@pytest.fixture(autouse=True)
def _at_nine(monkeypatch):
    monkeypatch.setattr(CLOCK, "read", lambda: TUESDAY_NINE)


def received(commits, catalog: str, consumer: str) -> list:
    """What a consumer of one release stores of what the catalog of another publishes, topic by topic."""
    state, stored = Revocations(), []
    for topic, commit in product(READ[consumer], commits):
        for event in WRITTEN[catalog].get(topic, lambda _: [])(commit):
            if reaction := access.REACTIONS.get(event.type):
                for new in REVOCATIONS.decide(reaction(event)[1], state):
                    state = REVOCATIONS.evolve(state, new)
                    stored.append(new)
    return stored


@pytest.mark.parametrize(("catalog", "consumer"), list(product((OLD, NEW), repeat=2)))
def test_consumer_stores_each_revocation_once_in_any_mix_of_releases(told_by_catalog, catalog, consumer):
    stored = received(told_by_catalog.commits, catalog, consumer)
    assert stored == received(told_by_catalog.commits, OLD, OLD)
    assert {revoked.kind for revoked in stored} == {"token", "session", "account"}


def test_topic_of_access_holds_revocations_alone(told_by_catalog):
    events = [event for commit in told_by_catalog.commits for event in access_contract.published(commit)]
    assert {(event.type, event.key) for event in events} == {(access.REVOKED, "access")}
