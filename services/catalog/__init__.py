"""Who offers what, when and where: malls, agencies, services, counters."""
