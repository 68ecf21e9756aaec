"""What a visitor is told about one ticket or booking: at most one text per occasion, none that is no longer true."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Literal, TypedDict, assert_never, get_args

from services.chassis.decider import Decider
from services.notifications.domain.commands import (
    ClaimMessage,
    Command,
    HearBooked,
    HearBookingEnded,
    HearCalled,
    HearIssued,
    HearNews,
    HearSuspended,
    HoldMessage,
    LeavePhone,
    RecordBookingChange,
    RecordContinued,
    RecordOutcome,
    RecordReport,
    SettleMessage,
    WithdrawPhone,
)
from services.notifications.domain.events import (
    NOWHERE,
    BookingEnded,
    BookingHeard,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    CallHeard,
    Event,
    IssueHeard,
    Kind,
    NewsHeard,
    PhoneLeft,
    PhoneWithdrawn,
    Position,
    SmsAccepted,
    SmsClaimed,
    SmsDelivered,
    SmsDropped,
    SmsExpired,
    SmsFailed,
    SmsHeld,
    SmsNotTaken,
    SmsRequested,
    SmsUnknown,
    What,
)

Status = Literal["requested", "sending", "accepted", "delivered", "failed", "unknown", "expired", "dropped"]
STATUSES: tuple[Status, ...] = get_args(Status)
MAY_HAVE_ARRIVED: tuple[Status, ...] = ("sending", "accepted", "delivered", "unknown")
Standing = Literal["nowhere", "waiting", "called", "held", "missed", "booked", "over"]

# A text that comes later than this is worse than none: the visitor has been called past, or sits there already.
WORTH_SENDING: Mapping[Kind, timedelta] = {
    "issued": timedelta(hours=1),
    "approaching": timedelta(minutes=10),
    "called": timedelta(minutes=10),
    "recalled": timedelta(minutes=5),
    "transferred": timedelta(minutes=15),
    "missed": timedelta(minutes=30),
    "unserved": timedelta(minutes=30),
    "suspended": timedelta(minutes=30),
    "continued": timedelta(minutes=30),
    "booked": timedelta(hours=2),
    "reminded": timedelta(hours=3),
}
# Of use until the time by which the booked place has to be claimed.
UNTIL_CLAIMED: tuple[Kind, ...] = ("closed", "reopened", "rescheduled")
# How a ticket must stand for a text about it to be true.
TRUE_WHILE: Mapping[Kind, tuple[Standing, ...]] = {
    "issued": ("waiting",),
    "approaching": ("waiting",),
    "called": ("called",),
    "recalled": ("called",),
    "transferred": ("waiting",),
    "missed": ("missed",),
    "unserved": ("over",),
    "suspended": ("waiting", "held"),
    "continued": ("waiting", "held"),
    "booked": ("booked",),
    "reminded": ("booked",),
    "closed": ("booked",),
    "reopened": ("booked",),
    "rescheduled": ("booked",),
}
# True only until the next thing happens.
OF_THE_LATEST = ("issued", "called", "recalled", "transferred", "missed", "unserved")
# How a ticket stands after the news; what is not here leaves it as it was.
STANDS: Mapping[What, Standing] = {
    "recalled": "called",
    "transferred": "waiting",
    "missed": "missed",
    "restored": "waiting",
    "held": "held",
    "resumed": "called",
    "served": "over",
    "cancelled": "over",
    "unserved": "over",
    "call-undone": "waiting",
    "undone": "called",
}
TOLD: Mapping[What, Kind] = {
    "approaching": "approaching",
    "recalled": "recalled",
    "transferred": "transferred",
    "missed": "missed",
    "unserved": "unserved",
}
EVENING, MORNING = time(18, 0), time(6, 30)  # of the day before, and of the day itself, in the mall's zone
MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class Message:
    """A text and what became of it."""

    requested: SmsRequested
    status: Status
    changed_at: datetime
    due: datetime
    attempts: int = 0
    gateway: str = ""
    text: str = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still be handed over, or is being."""
        return self.status in ("requested", "sending")


@dataclass(frozen=True)
class Correspondence:
    """All that was heard and said about one ticket or booking."""

    issued: IssueHeard | None = None
    called: CallHeard | None = None
    booking: BookingHeard | None = None  # with the time by which it has to be claimed now
    suspension: BookingSuspended | None = None
    announced: datetime | None = None  # the last claim time that held while the place could be claimed
    phone: str | None = None
    language: str = "id"
    standing: Standing = "nowhere"
    since: Position = NOWHERE  # of the news that made it stand so
    heard: Position = NOWHERE
    service: str = ""
    agency: str = ""
    messages: Mapping[str, Message] = field(default_factory=dict)

    def told(self, kind: Kind) -> bool:
        """Return whether a text of this kind was requested."""
        return bool(self.of_kind(kind))

    def of_kind(self, *kinds: Kind) -> list[Message]:
        """Return the texts of these kinds, in the order in which they were requested."""
        return [message for message in self.messages.values() if message.requested.kind in kinds]


def evolve(state: Correspondence, event: Event) -> Correspondence:  # noqa: C901 - one line for each event
    """The correspondence after an event."""
    match event:
        case IssueHeard(service=service, agency=agency, position=position):
            here: Standing = "waiting" if state.standing == "nowhere" else state.standing
            since = position if state.standing == "nowhere" else state.since
            heard = max(position, state.heard)
            known = replace(state, issued=event, standing=here, since=since, heard=heard)
            return replace(known, service=service, agency=agency)
        case CallHeard(position=position):
            return replace(state, called=event, standing="called", since=position, heard=max(position, state.heard))
        case NewsHeard():
            return _after_news(state, event)
        case BookingHeard(service=service, agency=agency):
            here = "booked" if state.standing == "nowhere" else state.standing
            known = replace(state, booking=event, standing=here, service=service, agency=agency)
            return replace(known, announced=event.claim_by)
        case BookingSuspended() | BookingResumed() | BookingRescheduled():
            return _after_booking_change(state, event)
        case BookingEnded():
            return replace(state, standing="over")
        case PhoneLeft():
            return replace(state, phone=event.phone, language=event.language)
        case PhoneWithdrawn():
            return replace(state, phone=None)
        case SmsRequested():
            due = event.not_before or event.requested_at
            message = Message(event, "requested", event.requested_at, due)
            return replace(state, messages={**state.messages, event.message_id: message})
        case SmsClaimed(message_id, at, attempt, gateway, text):
            return _became(state, message_id, "sending", at, attempts=attempt, gateway=gateway, text=text)
        case SmsHeld(message_id, reason, at):
            return _became(state, message_id, "requested", at, reason=reason)
        case SmsNotTaken(message_id, at, retry_at, reason):
            return _became(state, message_id, "requested", at, due=retry_at, reason=reason)
        case SmsAccepted(message_id, _, at):
            return _became(state, message_id, "accepted", at, reason="")
        case SmsDelivered(message_id, at):
            return _became(state, message_id, "delivered", at, reason="")
        case SmsFailed(message_id, at, reason):
            return _became(state, message_id, "failed", at, reason=reason)
        case SmsUnknown(message_id, at):
            return _became(state, message_id, "unknown", at)
        case SmsExpired(message_id, at):
            return _became(state, message_id, "expired", at)
        case SmsDropped(message_id, reason, at):
            return _became(state, message_id, "dropped", at, reason=reason)
        case _:
            assert_never(event)


def _after_news(state: Correspondence, news: NewsHeard) -> Correspondence:
    after = replace(state, heard=news.position)
    if news.what in STANDS:
        after = replace(after, standing=STANDS[news.what], since=news.position)
    if news.what == "transferred":
        after = replace(after, service=news.values["to_service"], agency=news.values["to_agency"])
    return after


def _after_booking_change(
    state: Correspondence, change: BookingSuspended | BookingResumed | BookingRescheduled
) -> Correspondence:
    after = replace(state, heard=change.position)
    if isinstance(change, BookingSuspended):
        return replace(after, suspension=change)
    if state.booking:  # the claim time is told in the mall's own zone
        claim_by = change.claim_by.astimezone(state.booking.claim_by.tzinfo)
        after = replace(after, booking=replace(state.booking, claim_by=claim_by))
        if isinstance(change, BookingResumed) or state.suspension is None:
            after = replace(after, announced=claim_by)
    return replace(after, suspension=None) if isinstance(change, BookingResumed) else after


def _became(state: Correspondence, message_id: str, status: Status, at: datetime, **more: object) -> Correspondence:
    message = replace(state.messages[message_id], status=status, changed_at=at, **more)  # type: ignore[arg-type]
    return replace(state, messages={**state.messages, message_id: message})


def decide(command: Command, state: Correspondence) -> list[Event]:
    """What a command leads to; a repeat leads to nothing."""
    match command:
        case HearIssued(heard, now):
            return [] if state.issued else [heard, *_tell_issued(evolve(state, heard), now)]
        case HearCalled(heard, now):
            return _hear_called(state, heard, now)
        case HearNews(heard, now):
            return _hear_news(state, heard, now)
        case HearBooked(heard, now):
            return [] if state.booking else [heard, *_tell_booked(evolve(state, heard), now)]
        case HearBookingEnded(heard):
            return [] if state.standing == "over" else [heard]
        case HearSuspended():
            return _hear_suspended(state, command)
        case RecordContinued():
            return _record_continued(state, command)
        case RecordBookingChange(change, now):
            return _record_booking_change(state, change, now)
        case LeavePhone():
            return _leave_phone(state, command)
        case WithdrawPhone(ticket_id, now):
            waiting = [m for m in state.messages.values() if m.status == "requested"]
            withdrawn = [PhoneWithdrawn(ticket_id, now)] if state.phone else []
            return [*withdrawn, *(SmsDropped(m.requested.message_id, "withdrawn", now) for m in waiting)]
        case HoldMessage() | ClaimMessage() | SettleMessage() | RecordOutcome() | RecordReport():
            return _decide_text(command, state)
        case _:
            assert_never(command)


def _decide_text(
    command: HoldMessage | ClaimMessage | SettleMessage | RecordOutcome | RecordReport, state: Correspondence
) -> list[Event]:
    """What becomes of one text."""
    match command:
        case ClaimMessage():
            return _claim(state, state.messages[command.message_id], command)
        case HoldMessage(message_id, reason, now):
            message = state.messages[message_id]
            held = message.status == "requested" and message.reason != reason
            return [SmsHeld(message_id, reason, now)] if held else []
        case SettleMessage(message_id, now, drop):
            claim = _claim(state, state.messages[message_id], ClaimMessage(message_id, now, drop=drop))
            return [event for event in claim if not isinstance(event, SmsClaimed)]
        case RecordOutcome():
            return _record(state.messages[command.message_id], command)
        case RecordReport():
            return _report(state.messages.get(command.message_id), command)
        case _:
            assert_never(command)


def _is_old(state: Correspondence, position: Position) -> bool:
    return position != NOWHERE and position <= state.heard


def _tell_issued(state: Correspondence, now: datetime) -> list[Event]:
    issued = state.issued
    if issued is None or state.standing != "waiting" or state.told("issued"):
        return []
    return _request(state, "issued", {"ahead": str(issued.ahead)}, issued.issued_at, now, about=issued.position)


def _hear_called(state: Correspondence, called: CallHeard, now: datetime) -> list[Event]:
    earlier = state.called
    counted = earlier is not None and NOWHERE in (earlier.position, called.position)
    if _is_old(state, called.position) or (counted and earlier and called.call <= earlier.call):
        return []
    place = {"counter": called.counter, "floor": str(called.floor)}
    again = f"-{called.call}" if called.call > 1 else ""
    if f"{called.ticket_id}.called{again}" in state.messages:  # a call that was undone is counted anew
        again += f"-{called.position[0]}"
    return [called, *_request(state, "called", place, called.called_at, now, again, called.position)]


def _hear_news(state: Correspondence, news: NewsHeard, now: datetime) -> list[Event]:
    if _is_old(state, news.position):
        return []
    if news.what not in TOLD or (news.what == "unserved" and not news.values.get("reason")):
        return [news]  # at the close of the day every visitor knows
    kind, again = TOLD[news.what], "" if news.what == "approaching" else f"-{news.position[0]}"
    after = _after_news(state, news)
    return [news, *_request(after, kind, news.values, news.at, now, again, news.position)]


def _tell_booked(state: Correspondence, now: datetime) -> list[Event]:
    """Confirm the place and remind of it; or tell that it cannot be claimed, where that is so."""
    booking = state.booking
    if booking is None or state.standing != "booked" or now >= booking.claim_by:
        return []
    if state.suspension:
        return _tell_closed_again(state, state.suspension, now)
    if state.told("booked"):
        return []
    return [*_request(state, "booked", {}, now, now), *_remind(state, now)]


def _tell_closed_again(state: Correspondence, suspension: BookingSuspended, now: datetime) -> list[Event]:
    """Tell who leaves a number that the place cannot be claimed, unless a text about it waits or may have arrived.

    Where the text for an earlier number was not sent, because that was withdrawn or no gateway took it, ask again.
    """
    about = [message for message in state.of_kind("closed") if message.requested.about == suspension.position]
    if _knows_closed(state) or any(message.is_open for message in about):
        return []
    return _tell_closed(state, suspension, now, len(about))


def _tell_closed(state: Correspondence, suspension: BookingSuspended, now: datetime, earlier: int = 0) -> list[Event]:
    values = {"reason": suspension.reason, "cause": suspension.cause}
    again = f"-{suspension.position[0]}" + (f".{earlier}" if earlier else "")
    return _request(state, "closed", values, suspension.at, now, again, suspension.position)


def _remind(state: Correspondence, now: datetime, about: Position = NOWHERE) -> list[Event]:
    """Remind of the place: the evening before or, where that is over, in the morning of the day; once."""
    if state.booking is None or any(_reminds(state, message) for message in state.of_kind("reminded")):
        return []
    claim_by = state.booking.claim_by
    day, zone = claim_by.date(), claim_by.tzinfo
    evening = datetime.combine(day - timedelta(days=1), EVENING, zone)
    morning = datetime.combine(day, MORNING, zone)
    when = next((moment for moment in (evening, morning) if now < moment < claim_by), None)
    again = f"-{about[0]}" if about != NOWHERE else ""
    return _request(state, "reminded", {}, when, now, again, about, not_before=when) if when else []


def _reminds(state: Correspondence, message: Message) -> bool:
    """Whether the text was a reminder, or still will be one with the claim time of now."""
    return message.status in MAY_HAVE_ARRIVED or (message.is_open and _names_claim_time(state, message.requested))


def _record_booking_change(
    state: Correspondence, change: BookingSuspended | BookingResumed | BookingRescheduled, now: datetime
) -> list[Event]:
    """Tell the visitor what holds for the booked place now, where that differs from what was last told."""
    if state.booking is None or _is_old(state, change.position):
        return []
    after = evolve(state, change)
    if after.booking is None or after.standing != "booked" or now >= after.booking.claim_by:
        return [change]
    if isinstance(change, BookingSuspended):
        return [change, *([] if _knows_closed(state) else _tell_closed(after, change, now))]
    if after.suspension:
        return [change]
    again, told = f"-{change.position[0]}", list[Event]()
    if _knows_closed(state):
        told = _request(after, "reopened", {}, change.at, now, again, change.position)
    elif after.announced != state.announced:
        told = _request(after, "rescheduled", {}, change.at, now, again, change.position)
    return [change, *told, *_remind(after, now, change.position)]


def _knows_closed(state: Correspondence) -> bool:
    """Whether the last text about whether the place can be claimed, of those that may have arrived, said no."""
    told = [m for m in state.of_kind("closed", "reopened") if m.status in MAY_HAVE_ARRIVED]
    return bool(told) and told[-1].requested.kind == "closed"


def _hear_suspended(state: Correspondence, command: HearSuspended) -> list[Event]:
    """Tell the visitor who waits for what has stopped, unless a text about the same stop may have arrived."""
    place = (command.scope, command.code)
    if not _concerns(state, command.mall, place) or any(_place(message) == place for message in _known_stops(state)):
        return []
    values = {"reason": command.reason, "scope": command.scope, "code": command.code}
    again = _of_stop(command)
    return _request(state, "suspended", values, command.at, command.now, again, command.position)


def _record_continued(state: Correspondence, command: RecordContinued) -> list[Event]:
    """Tell the visitor who still waits and may know of a stop that service continues; once for all of them."""
    if not _concerns(state, command.mall, (command.scope, command.code)) or not _known_stops(state):
        return []
    again = _of_stop(command)
    return _request(state, "continued", {}, command.at, command.now, again, command.position)


def _of_stop(command: HearSuspended | RecordContinued) -> str:
    """Tell the texts about stops apart: several closures can be declared or lifted in one version of the mall."""
    version, place = command.position
    return f"-{command.scope}-{version}" + (f".{place}" if place else "")


def _concerns(state: Correspondence, mall: str, place: tuple[str, str]) -> bool:
    """Whether the ticket waits in this mall, and for this service where the place is one."""
    waits = state.issued is not None and state.issued.mall == mall and state.standing in TRUE_WHILE["suspended"]
    return waits and (place[0] != "service" or place[1] == state.service)


def _known_stops(state: Correspondence) -> list[Message]:
    """The texts about stops that concern the ticket and may have arrived since the last text that it continues."""
    ended = [m.requested.requested_at for m in state.of_kind("continued") if m.is_open or m.status in MAY_HAVE_ARRIVED]
    mall = state.issued.mall if state.issued else ""
    return [
        message
        for message in state.of_kind("suspended")
        if message.status in MAY_HAVE_ARRIVED
        and _concerns(state, mall, _place(message))
        and not any(message.requested.requested_at <= at for at in ended)
    ]


def _place(message: Message) -> tuple[str, str]:
    return message.requested.values["scope"], message.requested.values["code"]


def _leave_phone(state: Correspondence, command: LeavePhone) -> list[Event]:
    same = (command.phone, command.language) == (state.phone, state.language)
    left = PhoneLeft(command.ticket_id, command.phone, command.now, command.language)
    now_known = state if same else evolve(state, left)
    told = [*_tell_issued(now_known, command.now), *_tell_booked(now_known, command.now)]
    return [*([] if same else [left]), *told]


def _request(
    state: Correspondence,
    kind: Kind,
    values: Mapping[str, str],
    happened: datetime,
    now: datetime,
    again: str = "",
    about: Position = NOWHERE,
    not_before: datetime | None = None,
) -> list[Event]:
    if state.phone is None or not (state.issued or state.booking):
        return []
    if state.issued:
        subject, mall, number = state.issued.ticket_id, state.issued.mall, state.issued.number
        known = {"mall": state.issued.mall_name, "number": number}
    elif state.booking:
        subject, mall, number = state.booking.booking_id, state.booking.mall, ""
        known = _claim_time(state.booking)
    message_id = f"{subject}.{kind}{again}"
    if message_id in state.messages:
        return []
    request = SmsRequested(
        message_id=message_id,
        ticket_id=subject,
        kind=kind,
        to=state.phone,
        number=number,
        values={**known, **values},
        best_before=_best_before(state, kind, happened),
        requested_at=now,
        mall=mall,
        agency=state.agency,
        language=state.language,
        about=about,
        not_before=not_before,
    )
    return [request]


def _best_before(state: Correspondence, kind: Kind, happened: datetime) -> datetime:
    """The last moment to send a text of this kind; one about a booking never later than its claim time."""
    if state.booking is None or state.issued:
        return happened + WORTH_SENDING[kind]
    claim_by = state.booking.claim_by
    return claim_by if kind in UNTIL_CLAIMED else min(happened + WORTH_SENDING[kind], claim_by)


def _claim_time(booking: BookingHeard) -> dict[str, str]:
    return {"day": booking.claim_by.date().isoformat(), "time": f"{booking.claim_by:%H.%M}"}


def _names_claim_time(state: Correspondence, asked: SmsRequested) -> bool:
    """Whether the text names the claim time of now."""
    return state.booking is not None and _claim_time(state.booking).items() <= asked.values.items()


def _claim(state: Correspondence, message: Message, command: ClaimMessage) -> list[Event]:
    """A claim is recorded before the gateway is called: one left by a process that died is never sent again."""
    message_id, now = message.requested.message_id, command.now
    if message.status == "sending":
        return [SmsUnknown(message_id, now)]
    if message.status != "requested":
        return []
    if now > message.requested.best_before:
        return [SmsExpired(message_id, now, **_about(message))]
    if why := command.drop or ("" if _is_true(state, message) else "no-longer-true"):
        return [SmsDropped(message_id, why, now)]
    if now < message.due:
        return []
    return [SmsClaimed(message_id, now, message.attempts + 1, command.gateway, command.text)]


def _is_true(state: Correspondence, message: Message) -> bool:
    """Whether what the text tells is still so."""
    kind, about = message.requested.kind, message.requested.about
    if state.standing not in TRUE_WHILE[kind]:
        return False
    if state.booking and not state.issued:
        return _is_true_of_booking(state, message.requested)
    if kind == "suspended" and any(_place(known) == _place(message) for known in _known_stops(state)):
        return False  # another closure of the same thing was told
    return not (kind in OF_THE_LATEST and NOWHERE not in (about, state.since) and about != state.since)


def _is_true_of_booking(state: Correspondence, asked: SmsRequested) -> bool:
    """Whether the text is the last of its kind, and says what holds: closed, or to be claimed by the time it names."""
    if state.of_kind(asked.kind)[-1].requested.message_id != asked.message_id:
        return False
    if asked.kind == "closed":
        return state.suspension is not None
    return state.suspension is None and _names_claim_time(state, asked)


def _record(message: Message, command: RecordOutcome) -> list[Event]:
    """Whoever claimed a text and was taken for dead meanwhile still knows best what became of it."""
    message_id, now, reason = command.message_id, command.now, command.reason
    if message.attempts != command.attempt or message.status not in ("sending", "unknown"):
        return []
    match command.outcome:
        case "accepted":
            return [SmsAccepted(message_id, command.gateway_id, now)]
        case "unknown":
            return [SmsUnknown(message_id, now)] if message.status == "sending" else []
        case "not-sent" if message.attempts < MOST_ATTEMPTS:
            retry_at = now + command.retry_in
            if retry_at <= message.requested.best_before:
                return [SmsNotTaken(message_id, now, retry_at, reason)]
    return [SmsFailed(message_id, now, reason, **_about(message))]


def _report(message: Message | None, command: RecordReport) -> list[Event]:
    """Reports come early, twice and out of order: that the text arrived is the last word; that it did not, is not."""
    if message is None or message.attempts == 0 or message.status in ("delivered", "dropped"):
        return []
    if command.delivered:
        return [SmsDelivered(command.message_id, command.now, **_about(message))]
    if message.status in ("sending", "accepted", "unknown"):
        return [SmsFailed(command.message_id, command.now, "undelivered", **_about(message))]
    return []


class _About(TypedDict):
    ticket_id: str
    kind: Kind
    mall: str
    agency: str


def _about(message: Message) -> _About:
    """What the world may know of a text."""
    asked = message.requested
    return {"ticket_id": asked.ticket_id, "kind": asked.kind, "mall": asked.mall, "agency": asked.agency}


CORRESPONDENCE: Decider[Command, Correspondence, Event] = Decider(
    initial=Correspondence(),
    decide=decide,
    evolve=evolve,
    events=(
        IssueHeard,
        CallHeard,
        NewsHeard,
        BookingHeard,
        BookingEnded,
        BookingSuspended,
        BookingResumed,
        BookingRescheduled,
        PhoneLeft,
        PhoneWithdrawn,
        SmsRequested,
        SmsClaimed,
        SmsHeld,
        SmsNotTaken,
        SmsAccepted,
        SmsDelivered,
        SmsFailed,
        SmsUnknown,
        SmsExpired,
        SmsDropped,
    ),
)
