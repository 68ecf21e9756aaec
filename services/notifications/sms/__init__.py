"""Texts: their wording, the gateways that carry them, and the dispatcher that hands them over once."""
