"""The rules of the catalog: pure functions over frozen values. No clock, no network, no database."""
