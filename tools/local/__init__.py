"""Everything on one machine, without Docker: `with System(data=Path("…")) as system: system.url`."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  what is said to somebody who has an older one
    sys.exit("This needs Python 3.11 or newer; this is Python " + sys.version.split()[0] + ".")

from tools.local.place import CannotStart
from tools.local.process import ProcessDied
from tools.local.system import System

__all__ = ["CannotStart", "ProcessDied", "System"]
