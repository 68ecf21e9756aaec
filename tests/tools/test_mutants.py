"""The mutants of a source, and the functions that they are put into."""

import gc
import signal
from pathlib import Path
from types import ModuleType

import pytest

from tools.mutate.__main__ import Report
from tools.mutate.mutants import Mutant, mutants
from tools.mutate.patched import NotPatchable, Patch, functions
from tools.mutate.session import ERROR, KILLED, SURVIVED, Session, Verdict, outcome

ROOT = Path(__file__).parents[2]
RULES = "services/catalog/domain/limits.py"

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


def verdict_on(mutant, tests, monkeypatch, *, apart):
    """What a session reports of one mutant: in a copy of this process, or in one that imports the changed module."""
    monkeypatch.chdir(ROOT)
    verdicts = []
    session = Session(ROOT, [mutant], lambda: True, verdicts.append, 1, lambda *_: None)
    session.seconds = dict.fromkeys(tests, 0.1)
    session.lines = {mutant.path: {mutant.lines[0]: list(tests)}}
    session._items, session._functions = {}, {}
    trial = session._fresh(mutant) if apart else session._started(mutant)
    while trial:
        trial = session._looked_at(trial)
    return verdicts[0]


@pytest.fixture
def mutant():
    return mutants(RULES, (ROOT / RULES).read_bytes())[0]


def test_failed_test_and_processor_limit_kill_a_mutant():
    assert [outcome(status) for status in (SURVIVED, KILLED, -signal.SIGXCPU)] == ["survived", "killed", "killed"]


@pytest.mark.parametrize("status", [ERROR, 1, 3, 4, 5, -signal.SIGSEGV])
def test_any_other_end_of_a_trial_is_an_error(status):
    assert outcome(status) == "error"


def test_exception_of_the_tool_is_an_error_and_not_a_kill(mutant, monkeypatch):
    unknown = ["tests/catalog/test_no_such.py::test_none"]  # no test of this name was collected
    verdict = verdict_on(mutant, unknown, monkeypatch, apart=False)
    assert (verdict.outcome, verdict.how) == ("error", f"1 tests, exit status {ERROR}")


@pytest.mark.parametrize("name", ["test_no_such.py::test_none", "test_limits.py::test_none"])
def test_run_of_pytest_without_tests_is_an_error(mutant, monkeypatch, name):
    assert verdict_on(mutant, [f"tests/catalog/{name}"], monkeypatch, apart=True).outcome == "error"


def test_change_of_a_comment_survives_a_real_run_of_pytest(monkeypatch):
    comment = Mutant(RULES, 0, 0, "# a comment\n", (1, 1))
    test = "tests/catalog/test_limits.py::test_lists_have_limits"
    assert verdict_on(comment, [test], monkeypatch, apart=True).outcome == "survived"


def test_change_that_cannot_be_imported_is_killed(monkeypatch):
    unimportable = Mutant(RULES, 0, 0, "import services.no_such\n", (1, 1))
    assert verdict_on(unimportable, ["tests/catalog/none.py::test_none"], monkeypatch, apart=True).outcome == "killed"


def test_report_counts_no_error_as_sampled(mutant, capsys):
    report = Report()
    for became in ("killed", "survived", "error"):
        report.add(Verdict(mutant, became, "1 tests"))
    assert (report.sampled[RULES], report.killed[RULES], len(report.errors)) == (2, 1, 1)
    assert "# error: 1 tests" in report.diffs()


def test_what_only_documents_a_field_is_not_changed():
    source = b'name = declared(Text(3), about="Nama", example={"id": "KTP"}, most=2)\n'
    texts = {mutant.applied(source).decode().strip() for mutant in mutants("source.py", source)}
    assert texts == {
        'name = declared(Text(4), about="Nama", example={"id": "KTP"}, most=2)',
        'name = declared(Text(3), about="Nama", example={"id": "KTP"}, most=3)',
        "name = declared(Text(3))",
    }


def test_mutants_of_a_module_of_constants_run_the_tests_of_its_importers():
    path = "services/notifications/domain/correspondence/occasions.py"
    session = Session(ROOT, [], lambda: True, [].append, 1, lambda *_: None)
    session._items, session.seconds = {}, {"test_texts.py::test_a": 0.1, "test_texts.py::test_b": 0.1}
    session.lines = {
        "services/notifications/domain/correspondence/texts.py": {9: ["test_texts.py::test_a"]},
        "services/notifications/domain/wording.py": {9: ["test_texts.py::test_b"]},
    }
    constant = mutants(path, (ROOT / path).read_bytes())[0]
    assert session._tests(constant, whole_file=True) == ["test_texts.py::test_a"]


def test_function_with_other_free_variables_is_not_patched(monkeypatch, tmp_path):
    """Python refuses code that needs variables of the function around it for a function that has none."""
    old = b"def pair(n):\n    return (lambda: 1), (lambda: n)\n"
    module = ModuleType("changed")
    module.__file__ = str(tmp_path / "changed.py")
    exec(compile(old, module.__file__, "exec"), vars(module))
    kept = module.pair(2)[0]
    patch = Patch(functions(), module, old, old)
    with pytest.raises(NotPatchable):
        patch._change(module.__file__, kept.__code__, module.pair(2)[1].__code__)
