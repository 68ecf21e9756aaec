"""What the three services share of this domain: roles and tokens, what was revoked, the feed, visitors' codes."""
