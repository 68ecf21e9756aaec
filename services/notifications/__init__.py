"""Tells visitors by SMS: when their ticket is issued and when it is called."""
