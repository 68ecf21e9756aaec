"""Where a phone number is to be found in a running system: every collection, every topic, every log.

Also in `local`, the database server's own replication log, which holds each write until it is written over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from pymongo import MongoClient

from tools.local import System


def places(system: System, number: re.Pattern[str]) -> set[str]:
    """The places that hold something like the number, such as `mongo notifications.contacts`."""
    return {place for place, text in everything(system) if number.search(text)}


def everything(system: System) -> Iterator[tuple[str, str]]:
    """All that is kept or said anywhere, with its place."""
    with MongoClient(system.database_url) as client:
        for database in client.list_database_names():
            for collection in client[database].list_collection_names():
                for document in client[database][collection].find():
                    yield f"mongo {database}.{collection}", str(document)
    yield from in_topics(system)
    for log in (system.data / "logs").iterdir():
        yield f"log {log.name}", log.read_text(errors="replace")
    for file in system.data.glob("*.log"):
        yield f"file {file.name}", file.read_text(errors="replace")


def documents(system: System) -> Iterator[Mapping[str, Any]]:
    """Every document of every database, the replication log among them."""
    with MongoClient(system.database_url) as client:
        for database in client.list_database_names():
            for collection in client[database].list_collection_names():
                yield from client[database][collection].find()


def in_topics(system: System) -> Iterator[tuple[str, str]]:
    consumer = KafkaConsumer(bootstrap_servers=system.kafka, auto_offset_reset="earliest", group_id=None)
    for topic in consumer.topics():
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends, polled = consumer.end_offsets(partitions), {}
        while polled or any(consumer.position(partition) < ends[partition] for partition in partitions):
            polled = consumer.poll(500)
            for record in (record for records in polled.values() for record in records):
                yield f"topic {topic}", f"{record.key} {record.value} {record.headers}"
    consumer.close()
