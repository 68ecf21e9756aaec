"""Backup and restore of all services, of docker compose and of the local run."""
