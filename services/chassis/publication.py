"""The envelope of a published event: what follows from the stored event that it makes public."""

from collections.abc import Mapping
from typing import Any

from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import Commit


def public_event(
    commit: Commit, index: int, *, source: str, type: str, subject: str, key: str, data: Mapping[str, Any]
) -> CloudEvent:
    """Return the public event of the stored event at `index` (from 0 on) of a commit.

    Id, time, position in the stream and trace are those of the stored event, so that each publication of it is the
    same event. The id must stay as it is: consumers and the journal have stored it.
    """
    return CloudEvent(
        id=f"{commit.id}.{index}",
        source=source,
        type=type,
        subject=subject,
        time=commit.at,
        key=key,
        data=data,
        traceparent=commit.traceparent(index),
        position=(commit.version, index),
    )
