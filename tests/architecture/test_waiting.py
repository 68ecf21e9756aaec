"""No test sleeps for some seconds where it can wait for an event or a condition (`waiting.eventually`)."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
# How often a file sleeps, and why nothing else will do.
SLEEPS = {
    "waiting.py": (1, "the pause between two looks at a condition"),
    "compose/test_attacks.py": (4, "attackers keep a pace, and what must not happen has its time to happen"),
    "compose/test_losing_kafka.py": (1, "an outage lasts some seconds while visitors come"),
    "tools/test_local_gateway.py": (1, "a client is slow to read"),
    "deploy/test_smuggling.py": (1, "a client sends a byte at a time"),
    "e2e/test_access.py": (3, "a password is refused for some seconds; a request that must not come has its time"),
    "e2e/test_screens_browser.py": (1, "a request that must not come has its time"),
    "e2e/fake_gateway.py": (2, "a gateway that is late"),
    "e2e/test_faults.py": (3, "processes are killed at random moments, and the load continues after the last kill"),
    "e2e/test_recovery.py": (2, "a relay that would send a text again has its time to do so"),
    "e2e/test_text_faults.py": (2, "a gateway is away for as long as chance says; reports that are late may come"),
    "kafka/test_three_brokers.py": (1, "events are appended at a pace while a leader is killed"),
    "notifications/test_exchange.py": (1, "a server answers a byte at a time"),
    "notifications/test_kannel.py": (1, "a report that must not come has its time to come"),
}


def sleeps(file: Path) -> int:
    """Return how many calls the file holds of `sleep`, and of `wait_for_timeout` in a browser."""
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    names = [getattr(call, "attr", getattr(call, "id", "")) for call in calls]
    return names.count("sleep") + names.count("wait_for_timeout")


def test_tests_wait_for_conditions_and_not_for_time():
    found = {str(file.relative_to(TESTS)): sleeps(file) for file in sorted(TESTS.rglob("*.py"))}
    assert {name: count for name, count in found.items() if count} == {name: sleep[0] for name, sleep in SLEEPS.items()}
