"""The types of events that a webhook can be sent, by subject."""

from collections.abc import Mapping

PRODUCERS = ("ticketing", "catalog", "notifications")
# What a webhook can be told of. `access-revoked` is between our own services and never leaves.
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "tickets": (
        *("ticket-issued", "ticket-approaching", "ticket-called", "ticket-recalled", "ticket-served", "ticket-missed"),
        *("ticket-restored", "ticket-held", "ticket-resumed", "ticket-transferred", "ticket-cancelled"),
        *("ticket-unserved", "ticket-undone"),
    ),
    "bookings": (
        *("place-booked", "booking-cancelled", "booking-lapsed"),
        *("booking-suspended", "booking-resumed", "booking-rescheduled"),
    ),
    "counters": ("counter-opened", "counter-paused", "counter-closed"),
    "closures": (
        *("service-suspended", "service-resumed", "counter-suspended", "counter-resumed"),
        *("mall-suspended", "mall-resumed"),
    ),
    "days": ("day-opened", "day-closed", "day-stopped", "day-resumed", "day-forced-open", "rule-changed"),
    "directory": (
        *("mall-listed", "agency-listed", "service-listed", "counter-listed"),
        *("agency-withdrawn", "service-withdrawn", "counter-withdrawn"),
    ),
    "messages": ("message-delivered", "message-failed"),
}
KINDS = tuple(kind for kinds in SUBJECTS.values() for kind in kinds)
