"""The position of a published event in the stream of its producer: how consumers order events of a stream.

The envelope has no attribute for it yet: `sequence` counts all events of a mall and producer, is missing (0) in records
of older releases, and cannot be compared with the positions that are stored. So it is read from the event's id, whose
form is `<stream>@<version>.<place>` (docs/event-model.md): each `contract.py` writes it, and it is read here alone.
"""

from services.chassis.cloud_event import CloudEvent

Position = tuple[int, int]  # version of the commit in its stream, and place of the event in the commit


def position_of(event: CloudEvent) -> Position:
    """Return the position of an event. Raises `ValueError` where its id has another form."""
    version, _, place = event.id.rpartition("@")[2].partition(".")
    return int(version), int(place)
