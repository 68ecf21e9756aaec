"""Works through the list of texts that are due, several at a time: a slow gateway delays no other text."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from pymongo.errors import PyMongoError

from services.chassis import tracing
from services.chassis.clock import now
from services.chassis.event_store import Commit, EventStore
from services.chassis.outbox import Reached
from services.chassis.worker import AWAY
from services.notifications.correspondence import Correspondences
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.events import SmsRequested
from services.notifications.malls import Malls
from services.notifications.sms.line import Line
from services.notifications.sms.outgoing import Entry, Outgoing
from services.notifications.sms.reports import Reports
from services.notifications.sms.review import Review
from services.notifications.sms.sender import Sender

log = structlog.get_logger()

THREADS = 8
LOOK = 0.25  # seconds between two looks at the list, unless something is put on it
UNTIL_BETTER = timedelta(seconds=2)  # after which a text is looked at again that the database kept us from


class Dispatcher:
    """The destination of the outbox `sms`. Made by the relay that holds its lease, so that there is one at a time."""

    def __init__(
        self,
        store: EventStore,
        correspondences: Correspondences,
        malls: Malls,
        lines: Sequence[Line],
        reports: Reports,
        tickets_of_phone: int = 0,
    ) -> None:
        """`tickets_of_phone`: see `Review`."""
        self._correspondences, self._outgoing = correspondences, Outgoing(store.database)
        self._busy: set[str] = set()  # subjects: texts about one ticket go out one after another
        self._mutex = threading.Lock()
        self._ending, self._news = threading.Event(), threading.Event()
        review = Review(correspondences, malls, tickets_of_phone)
        self._sender = Sender(correspondences, review, lines, reports, self._ending.wait)
        self._threads = ThreadPoolExecutor(THREADS, "sms")
        self._pump = threading.Thread(target=self._keep_pumping, name="sms-pump")
        self._pump.start()

    def deliver(self, commit: Commit) -> None:
        """Put the texts that the commit requests on the list; not those of which all is known already."""
        for index, event in enumerate(CORRESPONDENCE.recorded(commit)):
            if isinstance(event, SmsRequested) and not self._is_over(event):
                entry = Entry(event.message_id, event.ticket_id, commit.traceparent(index))
                self._outgoing.add(entry, event.not_before or event.requested_at)

    def confirm(self) -> Reached:
        """What was put on the list is durable; look at it."""
        self._news.set()
        return Reached()

    def close(self) -> None:
        """Hand nothing more over, and wait for what is being handed over."""
        self._ending.set()
        self._news.set()
        self._pump.join()
        self._threads.shutdown(wait=True)

    def _is_over(self, asked: SmsRequested) -> bool:
        if now() <= asked.best_before:
            return False
        message = self._correspondences.find(asked.ticket_id).messages.get(asked.message_id)
        return message is None or not message.is_open

    def _keep_pumping(self) -> None:
        while not self._ending.is_set():
            try:
                for entry in self._due():
                    self._threads.submit(self._process, entry)
            except PyMongoError as error:
                log.warning("the list of texts cannot be read", cause=type(error).__name__)
                self._ending.wait(1.0)
            self._news.wait(LOOK)
            self._news.clear()

    def _due(self) -> Iterator[Entry]:
        """Yield the texts that are due and about whose subject no other is being processed; each makes it busy."""
        with self._mutex:
            busy = set(self._busy)
        for entry in self._outgoing.due(now(), THREADS, busy) if len(busy) < THREADS else []:
            with self._mutex:
                if entry.subject in self._busy or len(self._busy) >= THREADS:
                    continue
                self._busy.add(entry.subject)
            yield entry

    def _process(self, entry: Entry) -> None:
        """Take the next step with a text; take it off the list at its end, otherwise postpone it."""
        with tracing.within(entry.traceparent):
            try:
                if due := self._sender.process(entry):
                    self._outgoing.postpone(entry, due)
                else:
                    self._outgoing.remove(entry)
            except Exception as error:  # mostly the database: a claim becomes unknown, the rest is tried again
                surprise = not isinstance(error, AWAY)
                log.error("a text was interrupted", message_id=entry.message_id, cause=repr(error), exc_info=surprise)
                self._postpone_after_fault(entry)
            finally:
                with self._mutex:
                    self._busy.discard(entry.subject)
                self._news.set()

    def _postpone_after_fault(self, entry: Entry) -> None:
        self._ending.wait(1.0)
        try:
            self._outgoing.postpone(entry, now() + UNTIL_BETTER)
        except PyMongoError as error:
            log.warning("a text cannot be put off", message_id=entry.message_id, cause=type(error).__name__)
