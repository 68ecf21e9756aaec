"""Notifications over HTTP: what visitors ask (`messages`), how texts are worded, and what gateways report."""
