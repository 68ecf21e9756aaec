"""What the worker of notifications tells Prometheus of texts and webhooks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from services.chassis.clock import now
from services.chassis.cloud_event import CloudEvent
from services.notifications.sms.outgoing import Entry, Outgoing
from services.notifications.webhooks import loops
from services.notifications.webhooks.deliveries import Cursor, Deliveries
from services.notifications.webhooks.domain.commands import PauseWebhook
from services.notifications.webhooks.news import News, as_item
from services.notifications.webhooks.registry import Registry

GATE = loops.Gate(allowed=(ip_network("127.0.0.0/8"),), http=True)


def values(families) -> dict:
    return {(one.name, *sample.labels.values()): sample.value for one in families for sample in one.samples}


def test_texts_that_wait_and_how_late_the_first_of_them_is(database):
    outgoing, at = Outgoing(database), datetime.now(UTC)
    assert values(outgoing.figures()) == {("mpp_texts_waiting",): 0, ("mpp_texts_overdue_seconds",): 0}
    outgoing.add(Entry("m1", "t1"), at + timedelta(hours=1))
    assert values(outgoing.figures()) == {("mpp_texts_waiting",): 1, ("mpp_texts_overdue_seconds",): 0}
    outgoing.add(Entry("m2", "t2"), at - timedelta(minutes=5))
    found = values(outgoing.figures())
    assert found["mpp_texts_waiting",] == 2
    assert found["mpp_texts_overdue_seconds",] == pytest.approx(300, abs=30)


def test_a_text_keeps_the_trace_that_it_was_asked_for_in_and_one_from_before_has_none(database):
    outgoing, at = Outgoing(database), datetime.now(UTC)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    outgoing.add(Entry("m1", "t1", trace), at)
    database["outgoing"].insert_one({"_id": "older", "subject": "t2", "due": at})
    assert {one.message_id: one.traceparent for one in outgoing.due(at, 9)} == {"m1": trace, "older": ""}


def test_webhooks_by_state_and_how_far_the_slowest_is_behind(store):
    registry, news, deliveries = Registry(store, GATE), News(store.database), Deliveries(store.database)
    working, failing, paused = (
        registry.register("pekalongan", "", name, "http://127.0.0.1:9000/", ["ticket-called"], [])[0]
        for name in ("working", "failing", "paused")
    )
    registry.act(PauseWebhook(paused.id, "by-hand", now()))
    event = CloudEvent("a@1.0", "/mpp", "id.go.mpp.ticket-called.v1", "", now(), "pekalongan", {}, sequence=12)
    news.keep([as_item(event, "ticketing", now())])
    cursor = Cursor(run=1, after=12, tries=1)
    deliveries.save((working.id, "ticketing"), cursor)
    deliveries.save((failing.id, "ticketing"), replace(cursor, after=5, failed=2))
    deliveries.save((paused.id, "ticketing"), replace(cursor, after=0))
    found = values(loops.figures(store, GATE)())
    assert found == {
        ("mpp_webhooks", "working"): 1,
        ("mpp_webhooks", "failing"): 1,
        ("mpp_webhooks", "paused"): 1,
        ("mpp_webhook_events_behind",): 7,
    }
