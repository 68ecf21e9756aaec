"""The position of a published event in the stream of its producer: how consumers order the events of a stream.

Stored positions have the same form whether they came from the attribute or, in records of older releases, from the id.
"""

from services.chassis.cloud_event import CloudEvent, Position


def position_of(event: CloudEvent) -> Position:
    """Return version of the commit and index in it of an event.

    Raises `ValueError` if the event has neither a position nor an id of the old form.
    Decision 0039 says in which release the id is no longer read.
    """
    return event.position or _position_by_id(event.id)


def _position_by_id(id: str) -> Position:
    """Read the position from the id of an event without the attribute: `<stream>@<version>.<index>`."""
    version, _, index = id.rpartition("@")[2].partition(".")
    return int(version), int(index)
