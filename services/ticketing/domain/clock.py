"""Whether the clock of this machine can be trusted with what cannot be taken back, such as closing a day."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

STEP = 120.0  # seconds that a wall clock may differ from another, or jump, before it is doubted
SETTLE = timedelta(minutes=30)  # for which it has to run steadily before it is trusted (again)


@dataclass(frozen=True)
class ClockWatch:
    """The last reading of the wall clock and of a steady clock that cannot be set, both of this machine.

    `steady_since` is when (steady seconds) the wall clock was first read, or was seen to jump; `doubt` is by how many
    seconds it jumped or differs from the database's clock.
    """

    wall: datetime
    steady: float
    steady_since: float
    doubt: float = 0.0
    settle: timedelta = SETTLE

    @classmethod
    def start(cls, wall: datetime, steady: float, settle: timedelta = SETTLE) -> "ClockWatch":
        """The watch at the first reading: what the clock did before is not known."""
        return cls(wall, steady, steady, settle=settle)

    def read(self, wall: datetime, steady: float, offset: float) -> "ClockWatch":
        """The watch after another reading; `offset` is by how many seconds the database's clock is behind."""
        jump = (wall - self.wall).total_seconds() - (steady - self.steady)
        doubt = next((each for each in (jump, offset) if abs(each) > STEP), 0.0)
        if doubt:
            return replace(self, wall=wall, steady=steady, steady_since=steady, doubt=doubt)
        settled = steady - self.steady_since >= self.settle.total_seconds()
        return replace(self, wall=wall, steady=steady, doubt=0.0 if settled else self.doubt)

    @property
    def is_trusted(self) -> bool:
        """Whether the wall clock has run steadily, and like the database's, for long enough."""
        return self.steady - self.steady_since >= self.settle.total_seconds()
