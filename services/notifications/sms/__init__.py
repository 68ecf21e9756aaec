"""Texts: their wording, the gateways that carry them, and the relay that hands them over once."""
