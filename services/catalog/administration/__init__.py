"""What administrators do over HTTP: open malls, change a directory, take it out and put it in."""

from services.catalog.administration import changes, entries, malls, transfer

BLUEPRINTS = (malls.of_malls, changes.blueprint)

__all__ = ["BLUEPRINTS", "entries", "transfer"]
