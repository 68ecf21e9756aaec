"""Finds services the way visitors ask for them: in everyday words, half typed, with typing errors."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.catalog.domain.directory import Directory, ServiceListed

EVERYDAY = Path(__file__).with_name("everyday.tsv")
WORD = re.compile(r"[a-z0-9]+")
ELECTRONIC_CARD = re.compile(r"\be-?ktp\b|\bktp-?el\b")  # both are simply called KTP
MOST_WORDS = 12

# Where a word was found, and how well it fits: of two services the one with more of both comes first.
NAME, CODE, AGENCY, DETAIL = 10.0, 8.0, 5.0, 4.0
STEM, PREFIX, TYPO, SYNONYM = 0.9, 0.8, 0.6, 0.6

# What Indonesian puts before a root, and the first letter of the root that it swallows: me-nikah, mem-(p)ilih.
SWALLOWED = {"m": ("", "p"), "n": ("", "t"), "ng": ("", "k"), "ny": ("s",), "": ("",)}
NASAL = [(nasal, lost) for nasal, letters in SWALLOWED.items() for lost in letters]
PREFIXES = [
    *((f"{before}{nasal}", lost) for before in ("me", "pe", "") for nasal, lost in NASAL),
    *((before, "") for before in ("ber", "ter", "per", "di", "ke")),
]
SUFFIXES = ("", "an", "kan", "nya")
SHORTEST_ROOT = 4

Scores = dict[int, float]  # by index of the service in the catalog
Synonyms = Mapping[tuple[str, ...], Sequence[tuple[str, ...]]]


def search(directory: Directory, words: str) -> list[ServiceListed]:
    """The services in which every word is found somewhere, best first; all in the catalog's order without words."""
    return _index(directory).find(words)


class Index:
    """A directory prepared for searching. What it finds depends on nothing else."""

    def __init__(self, directory: Directory, synonyms: Synonyms) -> None:
        self._services = list(directory.services.values())
        self._synonyms = synonyms
        self._longest = max(map(len, synonyms), default=1)
        self._scores_of: dict[str, Scores] = {}
        for index, service in enumerate(self._services):
            for text, weight in _texts(directory, service):
                for word in _words(text):
                    self._add(word, index, weight)
        self._alphabet = sorted(self._scores_of)
        self._misspelt = list({*self._alphabet, *(key[0] for key in synonyms if len(key) == 1)})

    def find(self, words: str) -> list[ServiceListed]:
        """The services that hold every word, best first."""
        asked = _words(words)[:MOST_WORDS]
        wanted = [word for word in asked if self._synonyms.get((word,)) != ()] or asked
        if not wanted:
            return self._services if not words.strip() else []
        total = _all_of([self._score_span(span) for span in self._spans(wanted)])
        return [self._services[index] for index in sorted(total, key=lambda index: (-total[index], index))]

    def _add(self, word: str, index: int, weight: float) -> None:
        for form, share in _forms(word):
            scores = self._scores_of.setdefault(form, {})
            scores[index] = max(scores.get(index, 0.0), weight * share)

    def _spans(self, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The words one by one, those of a known phrase together."""
        rest = tuple(words)
        while rest:
            long = next((n for n in range(self._longest, 1, -1) if rest[:n] in self._synonyms and len(rest) >= n), 1)
            yield rest[:long]
            rest = rest[long:]

    def _score_span(self, span: tuple[str, ...]) -> Scores:
        if len(span) == 1:
            return self._score_word(span[0])
        return _best_of([_all_of([self._score_word(word) for word in span]), self._score_meaning(span)])

    def _score_word(self, word: str) -> Scores:
        found = _best_of([self._exactly(word), self._beginning(word), self._score_meaning((word,))])
        return found or _best_of([_times(self._known(close), TYPO) for close in self._close_to(word)])

    def _known(self, word: str) -> Scores:
        return _best_of([self._exactly(word), self._score_meaning((word,))])

    def _exactly(self, word: str) -> Scores:
        return _best_of([_times(self._scores_of.get(form, {}), share) for form, share in _forms(word)])

    def _beginning(self, word: str) -> Scores:
        first = bisect_left(self._alphabet, word)
        last = bisect_left(self._alphabet, f"{word}\uffff", lo=first)
        return _best_of([_times(self._scores_of[longer], PREFIX) for longer in self._alphabet[first:last]])

    def _score_meaning(self, span: tuple[str, ...]) -> Scores:
        terms = self._synonyms.get(span, ())
        found = [(_all_of([self._exactly(word) for word in term]), SYNONYM / len(term)) for term in terms]
        return _best_of([_times(scores, share) for scores, share in found])

    def _close_to(self, word: str) -> list[str]:
        """Words that this one may have been meant for: one it begins, else those that one or two slips lead to."""
        if begun := [known for known in self._misspelt if len(word) > 2 and known.startswith(word)]:
            return begun
        slips = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
        close = process.extract_iter(word, self._misspelt, scorer=OSA.distance, score_cutoff=slips)
        return [known for known, _, _ in close] if slips else []


def read_synonyms(text: str) -> Synonyms:
    """Everyday words, each with the terms of the catalog that it may mean; a word without terms says nothing."""
    synonyms: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            everyday, _, terms = line.partition("\t")
            synonyms[_words(everyday)] = tuple(_words(term) for term in terms.split(";") if term.strip())
    return synonyms


_INDEXES: dict[str, tuple[Directory, Index]] = {}


def _index(directory: Directory) -> Index:
    """The index of a directory, made anew when the mall's directory is another one."""
    mall = directory.mall.code if directory.mall else ""
    known = _INDEXES.get(mall)
    if known is None or known[0] is not directory:
        known = _INDEXES[mall] = (directory, Index(directory, _everyday()))
    return known[1]


@cache
def _everyday() -> Synonyms:
    return read_synonyms(EVERYDAY.read_text())


def _texts(directory: Directory, service: ServiceListed) -> Iterator[tuple[str, float]]:
    """What can be searched of a service, and how much it says about it."""
    yield service.name, NAME
    yield service.code, CODE
    if agency := directory.agencies.get(service.agency):
        yield agency.name, AGENCY
    yield from ((requirement, DETAIL) for requirement in service.requirements)
    yield str(getattr(service, "eligibility", "")), DETAIL


def _words(text: str) -> tuple[str, ...]:
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return tuple(WORD.findall(ELECTRONIC_CARD.sub("ktp", plain.casefold())))


@cache
def _forms(word: str) -> tuple[tuple[str, float], ...]:
    """The word itself and what may be its root, each with how sure that is."""
    roots = set()
    for prefix, lost in PREFIXES:
        for suffix in SUFFIXES:
            if (prefix or suffix) and word.startswith(prefix) and word.endswith(suffix):
                root = lost + word[len(prefix) : len(word) - len(suffix)]
                if len(root) >= SHORTEST_ROOT:
                    roots.add(root)
    return ((word, 1.0), *((root, STEM) for root in sorted(roots - {word})))


def _times(scores: Scores, share: float) -> Scores:
    return {index: score * share for index, score in scores.items()}


def _best_of(many: Iterable[Scores]) -> Scores:
    best: Scores = {}
    for scores in many:
        for index, score in scores.items():
            if score > best.get(index, 0.0):
                best[index] = score
    return best


def _all_of(many: Sequence[Scores]) -> Scores:
    """The sums for what is in every one."""
    shared = set(many[0]).intersection(*many[1:]) if many else set()
    return {index: sum(scores[index] for scores in many) for index in shared}
