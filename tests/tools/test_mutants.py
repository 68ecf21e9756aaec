"""The mutants of a source, and the functions that they are put into."""

import gc

from tools.mutate.mutants import mutants
from tools.mutate.patched import functions

SOURCE = b"""
def none_of(found):
    if not found:
        return None
    return True and found
"""


def test_mutant_differs_from_its_source():
    changed = [mutant.applied(SOURCE) for mutant in mutants("source.py", SOURCE)]
    assert changed
    assert SOURCE not in changed


def test_functions_are_found_after_the_collector_was_frozen():
    gc.freeze()
    found = functions()
    gc.freeze()  # as the other tests expect it
    assert any(name == "functions" for _, name, *_ in found)
