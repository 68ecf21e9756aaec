"""Kafka as compose runs it: topics, users, rights."""
