"""Erasure on the command line: nothing of a number is left, and nothing else is touched."""

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis import chain
from services.notifications import erase
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences, stream_of
from services.notifications.domain.commands import HearIssued
from services.notifications.domain.events import IssueHeard

NUMBER, OTHER = "+6281234567890", "+6281234567891"
TODAY = datetime.now(UTC)


@pytest.fixture
def run(mongo_server, database, monkeypatch, capsys):
    """What the command says, and the status it ends with."""
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)

    def command(*words: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["erase", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        try:
            erase.main()
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        said = capsys.readouterr()
        return status, (said.out + said.err).strip()

    return command


def test_one_tickets_number_is_erased_and_a_repeat_says_that_there_is_none(run, database):
    contacts = Contacts(database)
    contacts.keep("a", NUMBER)
    contacts.keep("b", NUMBER)
    assert run("ticket", "a") == (0, "erased the number of this ticket")
    assert (contacts.find("a"), contacts.find("b")) == (None, NUMBER)
    assert run("ticket", "a") == (0, "no number is kept for this ticket")


def test_a_number_is_erased_wherever_it_was_left_however_it_is_written(run, database):
    contacts = Contacts(database)
    for ticket, phone in (("a", NUMBER), ("b", NUMBER), ("c", OTHER)):
        contacts.keep(ticket, phone)
    assert run("phone", typed="0812-3456-7890\n") == (0, "erased it from 2 tickets")
    assert [contacts.find(ticket) for ticket in "abc"] == [None, None, OTHER]
    status, said = run("phone", typed="0812\n")
    assert (status, "0812" in said) == (2, False)


def test_what_was_texted_about_old_tickets_is_forgotten_and_the_rest_stays_whole(run, store, database):
    said = Correspondences(store, Contacts(database))
    days = [TODAY - timedelta(days=back) for back in (400, 300, 0)]
    tickets = [f"{day:%Y%m%d}-{'x' * 22}" for day in days]
    for ticket in tickets:
        said.act(ticket, HearIssued(IssueHeard(ticket, "pekalongan", "MPP", "B-001", 0, TODAY), TODAY))
        said.leave_phone(ticket, NUMBER)
    kept = f"{days[1]:%Y-%m-%d}"
    assert run("before", kept)[1].startswith("erased 2 commits")
    assert [len(store.read(stream_of(ticket))) for ticket in tickets] == [0, 2, 2]
    assert all(chain.first_misfit(store.read(stream_of(ticket))) is None for ticket in tickets[1:])


@pytest.mark.parametrize(
    "day", [f"{TODAY - timedelta(days=2):%Y-%m-%d}", f"{TODAY:%Y-%m-%d}", "yesterday", "2026-13-01"]
)
def test_days_that_are_still_needed_and_what_is_no_day_are_refused(run, store, database, day: str):
    ticket = f"{TODAY:%Y%m%d}-{'x' * 22}"
    Correspondences(store, Contacts(database)).leave_phone(ticket, NUMBER)
    assert run("before", day)[0] == 2
    assert len(store.read(stream_of(ticket))) == 1


def test_anything_else_tells_what_can_be_erased(run):
    assert run("everything")[0] == 1
