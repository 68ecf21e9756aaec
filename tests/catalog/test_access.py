"""Who may do what: the rules of accounts and tokens."""

from datetime import UTC, datetime, timedelta

import pytest

from services.catalog.access.contract import published
from services.catalog.access.domain import ACCESS
from services.catalog.access.domain.commands import (
    AddSecondFactor,
    ChangeAccess,
    CreateAccount,
    DisableAccount,
    EnableAccount,
    EndSession,
    EndSessions,
    IssueToken,
    RemoveSecondFactor,
    RequireSecondFactor,
    RevokeToken,
    SetPassword,
)
from services.catalog.access.domain.events import (
    AccessChanged,
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
    PasswordSet,
    SecondFactorAdded,
    SecondFactorRemoved,
    SecondFactorRequired,
    SessionEnded,
    SessionsEnded,
    TokenIssued,
    TokenRevoked,
)
from services.catalog.access.domain.refusals import (
    Disabled,
    InvalidExpiry,
    InvalidName,
    InvalidPlaces,
    InvalidRole,
    LastAdministrator,
    NameTaken,
    SecondFactorNeeded,
    TooManyPasskeys,
    UnknownAccount,
    UnknownToken,
)
from services.catalog.access.domain.sign_in import LONGEST_SESSION
from services.chassis.decider import converter
from services.chassis.event_store import Commit, StoredEvent

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NEXT_YEAR = NOW + timedelta(days=365)
MALL = {"mall": "pekalongan"}
DESK = {"mall": "pekalongan", "counter": "G02"}


def created(id: str, name: str, role: str, **scope: str) -> AccountCreated:
    return AccountCreated(id, name, role, scope, NOW)


def issued(id: str, account: str = "", role: str = "device", expires_at: datetime = NEXT_YEAR) -> TokenIssued:
    return TokenIssued(id, f"token {id}", role, MALL, account, NOW, expires_at)


RATNA = created("r1", "ratna", "administrator")
SITI = created("s1", "siti", "operator", **DESK)


def after(*events):
    people = ACCESS.initial
    for event in events:
        people = ACCESS.evolve(people, event)
    return people


def when(command, *given) -> list:
    return ACCESS.decide(command, after(*given))


def test_an_account_is_created_once_for_a_name():
    assert when(CreateAccount("s1", "siti", "operator", DESK, NOW)) == [SITI]
    with pytest.raises(NameTaken):
        when(CreateAccount("s2", "siti", "auditor", MALL, NOW), SITI)


@pytest.mark.parametrize("name", ["", "s", "Siti", "siti rahma", "síti", "-siti", "s" * 41, "siti\n"])
def test_a_user_name_is_short_and_plain(name):
    with pytest.raises(InvalidName):
        when(CreateAccount("s1", name, "operator", MALL, NOW))


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        ("operator", {}),
        ("operator", {"counter": "G02"}),
        ("agency", MALL),
        ("agency", {"agency": "DUKCAPIL"}),
        ("supervisor", DESK),
        ("administrator", {"agency": "DUKCAPIL"}),
    ],
)
def test_each_role_has_its_places(role, scope):
    with pytest.raises(InvalidPlaces):
        when(CreateAccount("x1", "tono", role, scope, NOW))


@pytest.mark.parametrize("role", ["device", "boss"])
def test_devices_and_unknown_roles_do_not_sign_in(role):
    with pytest.raises(InvalidRole):
        when(CreateAccount("x1", "tono", role, MALL, NOW))
    with pytest.raises(InvalidRole):
        when(ChangeAccess("s1", role, MALL, NOW), RATNA, SITI)


def test_another_role_ends_the_sessions_and_tokens_of_the_old_one():
    events = when(ChangeAccess("s1", "supervisor", MALL, NOW), RATNA, SITI, issued("t1", account="s1"), issued("t2"))
    assert events == [AccessChanged("s1", "supervisor", MALL, 0, NOW), TokenRevoked("t1", NEXT_YEAR, NOW)]
    assert after(SITI, events[0]).accounts["s1"].epoch == 1


def test_the_same_role_again_changes_nothing():
    assert when(ChangeAccess("s1", "operator", DESK, NOW), SITI) == []


def test_a_new_password_ends_all_sessions_and_tokens_of_the_account():
    given = (SITI, PasswordSet("s1", 0, NOW), issued("t1", account="s1"), issued("t2"))
    assert when(SetPassword("s1", NOW), *given) == [PasswordSet("s1", 1, NOW), TokenRevoked("t1", NEXT_YEAR, NOW)]


def test_signing_out_everywhere_ends_all_sessions_and_no_token():
    events = when(EndSessions("s1", NOW), SITI, issued("t1", account="s1"))
    assert events == [SessionsEnded("s1", 0, NOW)]
    assert after(SITI, *events).accounts["s1"].epoch == 1


def test_second_factor_is_added_and_removed_and_each_ends_all_sessions():
    added = when(AddSecondFactor("s1", NOW), SITI)
    assert added == [SecondFactorAdded("s1", 0, NOW)]
    removed = when(RemoveSecondFactor("s1", NOW), SITI, *added)
    assert removed == [SecondFactorRemoved("s1", 1, NOW)]
    account = after(SITI, *added, *removed).accounts["s1"]
    assert (account.second_factor, account.epoch) == (False, 2)
    assert when(RemoveSecondFactor("s1", NOW), SITI, *added, *removed) == []


def test_second_factor_of_each_kind_is_removed_alone_or_with_all_others():
    passkey = SecondFactorAdded("s1", 1, NOW, "passkey", "p1")
    given = (SITI, SecondFactorAdded("s1", 0, NOW), passkey)
    account = after(*given).accounts["s1"]
    assert (account.totp, account.passkeys, account.epoch) == (True, frozenset({"p1"}), 2)
    app = when(RemoveSecondFactor("s1", NOW, kind="totp"), *given)
    assert app == [SecondFactorRemoved("s1", 2, NOW, "totp")]
    assert after(*given, *app).accounts["s1"].passkeys == frozenset({"p1"})
    one = when(RemoveSecondFactor("s1", NOW, kind="passkey", passkey="p1"), *given, *app)
    assert one == [SecondFactorRemoved("s1", 3, NOW, "passkey", "p1")]
    assert not after(*given, *app, *one).accounts["s1"].second_factor
    every = when(RemoveSecondFactor("s1", NOW), *given)
    assert every == [SecondFactorRemoved("s1", 2, NOW)]
    assert not after(*given, *every).accounts["s1"].second_factor
    assert when(RemoveSecondFactor("s1", NOW, kind="passkey", passkey="p2"), *given) == []


def test_last_second_factor_that_the_role_needs_stays_and_others_may_go():
    required = SecondFactorRequired(("operator",), NOW)
    given = (SITI, SecondFactorAdded("s1", 0, NOW), SecondFactorAdded("s1", 1, NOW, "passkey", "p1"), required)
    app = when(RemoveSecondFactor("s1", NOW, kind="totp"), *given)
    assert app == [SecondFactorRemoved("s1", 2, NOW, "totp")]
    with pytest.raises(SecondFactorNeeded):
        when(RemoveSecondFactor("s1", NOW, kind="passkey", passkey="p1"), *given, *app)
    with pytest.raises(SecondFactorNeeded):
        when(RemoveSecondFactor("s1", NOW), *given)


def test_second_factor_events_of_the_release_before_mean_the_app():
    added = converter.structure({"id": "s1", "epoch": 0, "added_at": NOW.isoformat()}, SecondFactorAdded)
    removed = converter.structure({"id": "s1", "epoch": 1, "removed_at": NOW.isoformat()}, SecondFactorRemoved)
    assert (added, removed) == (SecondFactorAdded("s1", 0, NOW, "totp"), SecondFactorRemoved("s1", 1, NOW, "all"))


def test_second_factor_that_the_role_needs_is_removed_by_a_reset_alone():
    given = (SITI, SecondFactorAdded("s1", 0, NOW), SecondFactorRequired(("operator",), NOW))
    with pytest.raises(SecondFactorNeeded):
        when(RemoveSecondFactor("s1", NOW), *given)
    assert when(RemoveSecondFactor("s1", NOW, reset=True), *given) == [SecondFactorRemoved("s1", 1, NOW)]


def test_requirement_signs_out_who_newly_lacks_a_second_factor():
    budi = created("b1", "budi", "operator", **DESK)
    given = (RATNA, SITI, budi, SecondFactorAdded("b1", 0, NOW))
    events = when(RequireSecondFactor(["operator"], NOW), *given)
    assert events == [SecondFactorRequired(("operator",), NOW), SessionsEnded("s1", 0, NOW)]
    assert when(RequireSecondFactor(["operator"], NOW), *given, *events) == []
    more = when(RequireSecondFactor(["operator", "administrator"], NOW), *given, *events)
    assert more == [SecondFactorRequired(("administrator", "operator"), NOW), SessionsEnded("r1", 0, NOW)]
    assert when(RequireSecondFactor([], NOW), *given, *events) == [SecondFactorRequired((), NOW)]


@pytest.mark.parametrize("role", ["device", "boss"])
def test_requirement_names_roles_of_people(role):
    with pytest.raises(InvalidRole):
        when(RequireSecondFactor([role], NOW), RATNA)


def test_requirement_keeps_its_roles_in_order_and_names_the_first_unknown():
    roles = ["supervisor", "auditor", "operator", "agency", "administrator"]
    (required,) = when(RequireSecondFactor(roles, NOW))
    assert required == SecondFactorRequired(tuple(sorted(roles)), NOW)
    with pytest.raises(InvalidRole) as refused:
        when(RequireSecondFactor([*roles, "device", "boss"], NOW))
    assert refused.value.params == {"role": "boss"}


def test_eleventh_passkey_is_refused_and_an_app_is_not():
    passkeys = [SecondFactorAdded("s1", epoch, NOW, "passkey", f"p{epoch}") for epoch in range(10)]
    tenth = AddSecondFactor("s1", NOW, "passkey", "p9")
    assert when(tenth, SITI, *passkeys[:9]) == passkeys[9:]
    with pytest.raises(TooManyPasskeys) as refused:
        when(AddSecondFactor("s1", NOW, "passkey", "p10"), SITI, *passkeys)
    assert refused.value.params == {"most": 10}
    assert when(AddSecondFactor("s1", NOW), SITI, *passkeys) == [SecondFactorAdded("s1", 10, NOW)]


def test_refused_removal_names_the_role_that_needs_a_second_factor():
    given = (SITI, SecondFactorAdded("s1", 0, NOW), SecondFactorRequired(("operator",), NOW))
    with pytest.raises(SecondFactorNeeded) as refused:
        when(RemoveSecondFactor("s1", NOW), *given)
    assert refused.value.params == {"role": "operator"}


def test_disabling_ends_sessions_and_tokens_and_a_repeat_nothing():
    given = (RATNA, SITI, issued("t1", account="s1"), issued("t2"))
    events = when(DisableAccount("s1", NOW), *given)
    assert events == [AccountDisabled("s1", 0, NOW), TokenRevoked("t1", NEXT_YEAR, NOW)]
    assert when(DisableAccount("s1", NOW), *given, *events) == []


def test_an_account_that_is_enabled_again_begins_a_new_epoch():
    disabled = AccountDisabled("s1", 0, NOW)
    assert when(EnableAccount("s1", NOW), SITI, disabled) == [AccountEnabled("s1", NOW)]
    assert when(EnableAccount("s1", NOW), SITI) == []
    account = after(SITI, disabled, AccountEnabled("s1", NOW)).accounts["s1"]
    assert (account.enabled, account.epoch) == (True, 1)


@pytest.mark.parametrize("others", [(), (SITI,), (created("b1", "budi", "administrator", **MALL),)])
def test_the_last_administrator_of_all_malls_stays(others):
    for command in (DisableAccount("r1", NOW), ChangeAccess("r1", "administrator", MALL, NOW)):
        with pytest.raises(LastAdministrator):
            when(command, RATNA, *others)


def test_an_administrator_can_go_when_there_is_another():
    assert when(DisableAccount("r1", NOW), RATNA, created("b1", "budi", "administrator"))


def test_a_device_has_a_token_of_its_mall():
    command = IssueToken("t1", "token t1", "device", MALL, "", NEXT_YEAR, NOW)
    assert when(command) == [issued("t1")]
    with pytest.raises(InvalidPlaces):
        when(IssueToken("t1", "Kios", "device", {}, "", NEXT_YEAR, NOW))


def test_no_machine_is_administrator_and_no_token_ends_before_it_begins():
    with pytest.raises(InvalidRole):
        when(IssueToken("t1", "Skrip", "administrator", {}, "", NEXT_YEAR, NOW))
    with pytest.raises(InvalidExpiry):
        when(IssueToken("t1", "Kios", "device", MALL, "", NOW, NOW))


def test_a_token_of_an_account_has_its_role_and_places():
    (event,) = when(IssueToken("t1", "Laporan", "auditor", {}, "s1", NEXT_YEAR, NOW), SITI)
    assert (event.role, event.scope, event.account) == ("operator", DESK, "s1")
    with pytest.raises(InvalidRole):
        when(IssueToken("t1", "Laporan", "device", {}, "r1", NEXT_YEAR, NOW), RATNA)
    with pytest.raises(Disabled):
        when(IssueToken("t1", "Laporan", "device", {}, "s1", NEXT_YEAR, NOW), SITI, AccountDisabled("s1", 0, NOW))


def test_a_machine_is_not_called_what_a_person_is():
    with pytest.raises(NameTaken):
        when(IssueToken("t1", " Siti", "device", MALL, "", NEXT_YEAR, NOW), SITI)
    kiosk = TokenIssued("t1", "Kios", "device", MALL, "", NOW, NEXT_YEAR)
    with pytest.raises(NameTaken):
        when(CreateAccount("x1", "kios", "operator", MALL, NOW), kiosk)


def test_a_token_is_revoked_once():
    revoked = TokenRevoked("t1", NEXT_YEAR, NOW)
    assert when(RevokeToken("t1", NOW), issued("t1")) == [revoked]
    assert when(RevokeToken("t1", NOW), issued("t1"), revoked) == []
    assert when(RevokeToken("t1", NEXT_YEAR), issued("t1")) == []


def test_a_token_that_was_made_elsewhere_is_revoked_if_its_end_is_known():
    assert when(RevokeToken("cli", NOW, NEXT_YEAR)) == [TokenRevoked("cli", NEXT_YEAR, NOW)]
    with pytest.raises(UnknownToken):
        when(RevokeToken("cli", NOW))


def test_signing_out_ends_a_session_once():
    until = NOW + LONGEST_SESSION
    ended = SessionEnded("one", "s1", until, NOW)
    assert when(EndSession("one", "s1", until, NOW)) == [ended]
    assert when(EndSession("one", "s1", until, NOW), ended) == []


@pytest.mark.parametrize("kind", [SetPassword, DisableAccount, EnableAccount, EndSessions, AddSecondFactor])
def test_nothing_happens_to_an_account_that_is_not_there(kind):
    with pytest.raises(UnknownAccount):
        when(kind("nobody", NOW), RATNA)


def test_what_has_ended_by_itself_is_forgotten():
    soon = NOW + timedelta(hours=1)
    people = after(TokenRevoked("t1", soon, NOW), SessionEnded("one", "s1", soon, NOW))
    later = soon + timedelta(hours=1)
    for event in (TokenRevoked("t2", NEXT_YEAR, later), SessionEnded("two", "s1", NEXT_YEAR, later)):
        people = ACCESS.evolve(people, event)
    assert (set(people.revoked), set(people.ended)) == ({"t2"}, {"two"})


def test_only_what_is_good_no_more_is_told_and_without_a_name():
    from services.chassis.decider import converter

    events = [SITI, issued("t1"), PasswordSet("s1", 3, NOW), TokenRevoked("t1", NEXT_YEAR, NOW)]
    stored = [StoredEvent(type(event).__name__, converter.unstructure(event)) for event in events]
    told = published(Commit("access", 7, stored, (), NOW))
    assert [event.id for event in told] == ["access@7.2", "access@7.3"]
    assert [(event.data["kind"], event.data["id"], event.data["epoch"]) for event in told] == [
        ("account", "s1", 3),
        ("token", "t1", 0),
    ]
    assert datetime.fromisoformat(told[0].data["until"]) == NOW + LONGEST_SESSION
    assert "siti" not in str([(event.subject, event.data) for event in told])
