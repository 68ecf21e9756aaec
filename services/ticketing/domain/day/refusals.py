"""What a business day says no to, and why."""

from services.chassis.errors import Forbidden, Invalid, NotFound, Refused


class UnknownTicket(NotFound):
    """No such ticket."""


class UnknownBooking(NotFound):
    """No such booking."""


class UnknownClass(Invalid):
    """The mall has no such priority class."""


class ReasonRequired(Invalid):
    """This act needs a reason for the record."""


class NotThisCounter(Invalid):
    """The counter does not give this service."""


class SameVisit(Invalid):
    """The ticket beside which another is wanted is not one of this day that still goes on."""


class Closed(Refused):
    """The mall is closed now."""


class Stopped(Refused):
    """A supervisor stopped the day for a while."""


class DayOver(Refused):
    """The day is closed; its record does not change any more."""


class NothingToClose(Refused):
    """The day never began."""


class CountersBusy(Refused):
    """Visitors are at counters still."""


class CapacityReached(Refused):
    """All of today's places are given out."""


class ServiceFull(Refused):
    """All of today's places for this service are given out."""


class PlacesKept(Refused):
    """The places that are left are kept for priority visitors or for those who booked."""


class NotFromHome(Refused):
    """The mall issues no tickets for this service to visitors who are elsewhere."""


class HomeShareReached(Refused):
    """All places of today that may be taken from home are given out."""


class BookingShareReached(Refused):
    """All places of this day that may be booked online are given out."""


class NoCounter(Refused):
    """No counter offers this service at present."""


class ServiceAway(Refused):
    """No counter gives this service today any more."""


class Suspended(Refused):
    """The service, or each counter that gives it, is closed for a while."""


class NoBookings(Refused):
    """Places cannot be booked for this day."""


class BookingUsed(Refused):
    """The booking has become a ticket already."""


class BookingOver(Refused):
    """The booking was cancelled."""


class OtherDay(Refused):
    """The booking is for another day."""


class NobodyWaits(Refused):
    """There is nobody this counter can call."""


class CounterBusy(Refused):
    """The counter has a visitor already."""


class CounterPaused(Refused):
    """The counter takes a break."""


class CounterShut(Refused):
    """The counter was closed by its clerk, or is closed for a while."""


class NotCalled(Refused):
    """The ticket is not at a counter."""


class NotWaiting(Refused):
    """The ticket does not wait (any more)."""


class VisitorElsewhere(Refused):
    """The visitor is at another counter with another ticket of the same visit."""


class AlreadyStarted(Refused):
    """Service has begun: there is nobody to call again."""


class RecallsUsedUp(Refused):
    """The ticket was called again as often as it may be."""


class NotMissed(Refused):
    """The ticket was not missed."""


class NotHeld(Refused):
    """The ticket is not on hold."""


class TooLate(Refused):
    """The time within which this can be taken back is over."""


class NothingToUndo(Refused):
    """The counter's last act cannot be taken back."""


class OtherCounter(Forbidden):
    """The ticket is at another counter."""
