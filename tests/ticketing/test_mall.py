"""What ticketing learns of a mall, as sentences."""

from dataclasses import replace

from services.ticketing.domain.mall import MALL, CounterForgotten, CounterLearned, Fact, Mall, ServiceLearned

G02 = CounterLearned("G02", "Gerai 2", 1, "DUKCAPIL", ("DUKCAPIL-KTPREKAM",), position=(1, 4))


def after(*facts: Fact) -> Mall:
    mall = MALL.initial
    for fact in facts:
        for learned in MALL.decide(fact, mall):
            mall = MALL.evolve(mall, learned)
    return mall


def test_a_fact_heard_again_is_nothing_new():
    assert MALL.decide(G02, after(G02)) == []


def test_the_latest_word_counts():
    moved = replace(G02, floor=2, position=(2, 0))
    assert after(G02, moved).counters["G02"].floor == 2


def test_a_replay_of_the_catalog_changes_nothing():
    history = [G02, replace(G02, floor=2, position=(2, 0)), CounterForgotten("G02", position=(3, 0))]
    mall = after(*history)
    assert mall.counters == {}
    assert [MALL.decide(fact, mall) for fact in history] == [[], [], []]


def test_facts_of_one_commit_are_all_learned():
    service = ServiceLearned("DUKCAPIL-KTPREKAM", "Perekaman KTP-el", "DUKCAPIL", 10, position=(1, 3))
    mall = after(service, G02)
    assert (list(mall.services), list(mall.counters)) == (["DUKCAPIL-KTPREKAM"], ["G02"])
