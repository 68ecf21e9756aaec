"""Tells agencies' own servers what happens: webhooks by the Standard Webhooks specification."""
