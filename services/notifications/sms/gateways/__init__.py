"""Gateways: whatever takes a text for a number, behind one small protocol; which one is a setting."""
