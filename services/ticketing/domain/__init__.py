"""The rules of the queue: pure functions over frozen values. No clock, no network, no database."""
