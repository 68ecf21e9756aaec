"""A console offers an act exactly while its command is accepted."""

import html
import re

import pytest
from examples import BUDI, KK, KTP, SIM, SITI, MallDay

from services.ticketing.api.acts import ACTS, offered
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.mall import Closure, ClosureDeclared, evolve
from services.ticketing.views import counter as console

OPEN = {"pause_counter", "close_counter"}  # of a counter that is open and free


def acts(day: MallDay, counter: str = "G02") -> set[str]:
    return set(offered(day.state, day.mall, counter, day.now))


def called() -> MallDay:
    day = MallDay()
    day.issue(SITI)
    day.call()
    return day


def test_new_counter_offers_opening_pause_closing_and_walk_in():
    assert acts(MallDay()) == OPEN | {"open_counter", "walk_in"}


def test_call_is_offered_once_a_visitor_waits_for_the_counter():
    day = MallDay()
    day.issue(SITI, SIM)
    assert "call" not in acts(day)
    day.issue(BUDI, KTP)
    assert acts(day) == OPEN | {"open_counter", "walk_in", "call"}


def test_called_visitor_can_be_served_recalled_held_sent_on_and_missed():
    ticket = {"recall", "start", "complete", "no_show", "hold", "transfer"}
    assert acts(called()) == ticket | {"undo"}


def test_visitor_who_is_served_is_neither_recalled_nor_missed():
    day = called()
    day.when(do.StartService(SITI, "G02", day.now))
    assert acts(day) == {"complete", "hold", "transfer"}


def test_recall_is_offered_three_times():
    day = called()
    for _ in range(3):
        assert "recall" in acts(day)
        day.when(do.Recall(SITI, "G02", day.now, day.mall))
    assert "recall" not in acts(day)


def test_recall_is_not_offered_while_the_day_is_stopped():
    day = called()
    day.when(do.StopDay("Gempa", day.now, day.mall))
    assert "recall" not in acts(day)
    assert {"complete", "no_show", "hold"} <= acts(day)


@pytest.mark.parametrize(
    ("leave", "rest"),
    [
        (lambda day: do.PauseCounter("G02", "Salat", day.now, day.mall), {"open_counter", "close_counter"}),
        (lambda day: do.CloseCounter("G02", day.now, day.mall), {"open_counter"}),
    ],
    ids=["paused", "closed"],
)
def test_counter_without_its_clerk_offers_no_visitor(leave, rest):
    day = MallDay()
    day.issue(SITI)
    day.when(leave(day))
    assert acts(day) == rest


def test_transfer_is_offered_until_no_service_takes_visitors():
    day = called()
    for code in (KTP, KK, SIM):  # the others have no counter
        assert "transfer" in acts(day)
        day.mall = evolve(day.mall, ClosureDeclared(Closure("service", code, "Sistem pusat", day.now, None)))
    assert "transfer" not in acts(day)


def test_walk_in_is_not_offered_outside_the_hours_unless_forced_open():
    day = MallDay().after(-180)
    assert "walk_in" not in acts(day)
    day.when(do.ForceOpen("Rombongan haji", day.now, day.mall))
    assert "walk_in" in acts(day)


def test_no_act_is_offered_once_the_day_is_closed():
    day = called()
    day.when(do.MissTicket(SITI, "G02", day.now))
    day.when(do.CloseDay(day.now, day.mall))
    assert acts(day) == set()


def test_each_key_belongs_to_one_act():
    keys = [act.key for act in ACTS if act.key]
    assert len(keys) == len(set(keys))
    assert set("CLK").isdisjoint(keys)  # the lists of the console


def test_console_has_a_button_with_key_and_path_for_each_act(client, g02):
    page = client.get("/ticketing/malls/pekalongan/counters/G02").text
    buttons = re.findall(r'id="act-(\w)" class="button" data-act="(\w+)" data-path="([^"]+)"', page)
    declared = {(act.key.lower(), act.name, act.path) for act in ACTS if act.key}
    assert {(key, name, html.unescape(path)) for key, name, path in buttons} == declared


def test_console_reads_what_is_offered_and_gets_it_with_each_answer(client, g02):
    counter = "/ticketing/api/malls/pekalongan/counters/G02"
    assert set(client.get(counter, headers=g02).json["offered"]) == OPEN | {"open_counter", "walk_in"}
    assert set(client.post(f"{counter}/opening", headers=g02).json["offered"]) == OPEN | {"walk_in"}


def test_missed_ticket_is_not_listed_once_the_day_is_closed():
    day = called()
    day.when(do.MissTicket(SITI, "G02", day.now))
    assert [one["number"] for one in console(day.state, day.mall, "G02", day.now)["missed"]] == ["B-001"]
    day.when(do.CloseDay(day.now, day.mall))
    assert console(day.state, day.mall, "G02", day.now)["missed"] == []
