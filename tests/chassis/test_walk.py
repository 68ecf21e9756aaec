"""The walk from an append to Kafka: which calls are on it, and that they stay few.

A call is on the walk when its function is on the stack as the producer sends the event.
`make test ARGS="tests/chassis/test_walk.py -s"` prints the list.
"""

import threading
from pathlib import Path
from types import FrameType

import pipeline
from pipeline import eventually

import services
from services.chassis.journal import Journal
from services.chassis.life import Life
from services.chassis.outbox import Topic, relay

SERVICES = str(Path(services.__path__[0]).resolve())
SEND = "KafkaProducer.send"
MOST = 5


def test_append_reaches_kafka_within_five_calls(store, kafka_settings):
    walk: list[str] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code.co_qualname != SEND or walk:
            return
        stack, caller = [SEND], frame.f_back
        while caller:
            if caller.f_code.co_filename.startswith(SERVICES):
                stack.insert(0, caller.f_code.co_qualname)
            caller = caller.f_back
        walk.extend(stack)

    life, journal = Life(), Journal(store.database)
    follow = relay(store, "events", lambda: Topic(kafka_settings, "walked", pipeline.publish, journal))
    threading.setprofile(profile)
    thread = threading.Thread(target=follow, args=(life,))
    thread.start()
    threading.setprofile(None)
    try:
        assert eventually(lambda: (store.database["leases"].find_one({"_id": "events"}) or {}).get("position"))
        pipeline.counting(store).execute("counted", pipeline.Count())
        assert eventually(lambda: walk)
    finally:
        life.end()
        thread.join()
    print("", *(f"{number:2} {name}" for number, name in enumerate(walk, 1)), sep="\n")
    assert (walk[0], walk[-1]) == ("relay.<locals>.loop", SEND)
    assert len(walk) <= MOST
