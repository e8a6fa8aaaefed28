"""What a ticket says for each category and priority: phrases weighed by where they stand and what is said of them."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from functions.classify.lexicon.application import APPLICATION
from functions.classify.lexicon.database import DATABASE
from functions.classify.lexicon.degraded import FAULT
from functions.classify.lexicon.infrastructure import INFRASTRUCTURE
from functions.classify.lexicon.network import NETWORK
from functions.classify.lexicon.security import SECURITY
from functions.classify.lexicon.severity import SCOPE, SEVERITY
from functions.classify.lexicon.trivial import SIDE_SYSTEMS, TRIVIAL
from functions.classify.rule_match import Lexicon, Match
from functions.classify.rule_text import Reading, Word, read, stem

# What the place of a phrase, and what is said of it, do to its weight. Accuracy hardly moves when one changes a bit.
TITLE_FACTOR = 1.7
CAUSE_FACTOR = 1.5
CLEARED_FACTOR = -0.4
QUESTION_FACTOR = 0.5
NEGATED_FACTOR = 0.3
# How many words away a "not", an "all healthy" or a "since the" still speaks of a phrase.
NEGATION_REACH = 3
HEALTH_REACH = 7
EXCUSE_REACH = 4
WORRYING = frozenset({"HIGH", "MEDIUM", "FAULT"})


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


_NEGATORS = _stems("no not never without nobody none nothing neither nor zero non kein keine")
_HEALTHY = _stems(
    "ok okay fine healthy green good normal unaffected alive works idle boring clean intact responsive quiet "
    "happy well answers innocent correct"
)
_SUSPECTED = _stems("suspected blamed thought assumed guessed")
_NOT_YET = _stems("to until till when if cannot must should not unless never")
_CORRECTIONS = (("no", "sorry"), ("sorry", "i", "mean"), ("i", "mean"), ("scratch", "that"), ("correction",))
_CAUSES = _stems("cause culprit because due root reason traced since after introduced")


class Evidence(NamedTuple):
    """One phrase that was weighed: where, what for, how strongly, and why it was changed if it was."""

    phrase: str
    idea: str
    part: str
    weights: dict[str, float]
    note: str = ""


class TicketReading(NamedTuple):
    """A ticket's title and description as words."""

    title: Reading
    description: Reading


@cache
def category_lexicon() -> Lexicon:
    """Build the phrase tree of the categories, once and only when the first ticket needs it."""
    return Lexicon((*DATABASE, *NETWORK, *INFRASTRUCTURE, *APPLICATION))


@cache
def priority_lexicon() -> Lexicon:
    """Build the phrase tree of the priorities, likewise."""
    return Lexicon((*SECURITY, *SEVERITY, *SCOPE, *FAULT, *TRIVIAL, *SIDE_SYSTEMS))


def read_ticket(title: str, description: str) -> TicketReading:
    """Read both parts of a ticket with the words that the lexicons know as wholes."""
    known = category_lexicon().words | priority_lexicon().words
    return TicketReading(read(title, known), read(description, known))


def category_evidence(ticket: TicketReading) -> list[Evidence]:
    """Weigh what points to each category; a part that is said to be healthy or not the cause counts against itself."""
    evidence: list[Evidence] = []
    for part, reading, factor in _parts(ticket):
        clauses = _Clauses(reading.words)
        corrected = _corrected_before(reading.words)
        for match in category_lexicon().find(reading):
            note, change = "", 1.0
            if match.start < corrected:
                note, change = "corrected", 0.0
            elif clauses.cleared(match):
                note, change = "cleared", CLEARED_FACTOR
            elif clauses.suspected(match):
                note, change = "only suspected", 0.0
            elif clauses.named_as_cause(match):
                note, change = "named as the cause", CAUSE_FACTOR
            evidence.append(_weigh(match, part, factor * change, note))
    return evidence


def priority_evidence(ticket: TicketReading) -> list[Evidence]:
    """Weigh what points to each priority; "no data was lost" lowers it, and how much is hit counts beside a fault."""
    evidence: list[Evidence] = []
    for part, reading, factor in _parts(ticket):
        matches = priority_lexicon().find(reading)
        taken = {position for match in matches for position in range(match.start, match.end)}
        negated = [_negated(match, reading.words, taken) for match in matches]
        faulty = {
            reading.words[match.start].sentence
            for match, denied in zip(matches, negated, strict=True)
            if not denied and _is_fault(match)
        }
        for match, denied in zip(matches, negated, strict=True):
            sentence = reading.words[match.start].sentence
            if (match.terms[0].scope and sentence not in faulty) or _not_meant(match, reading.words):
                continue
            if denied:
                lower = NEGATED_FACTOR * sum(weight for label, weight in match.weights().items() if label in WORRYING)
                evidence.append(Evidence(match.phrase, match.idea, part, {"LOW": lower * factor}, "negated"))
            elif sentence in reading.questions and _is_fault(match):
                evidence.append(_weigh(match, part, factor * QUESTION_FACTOR, "asked, not said"))
            else:
                evidence.append(_weigh(match, part, factor))
    return evidence


def _parts(ticket: TicketReading) -> tuple[tuple[str, Reading, float], tuple[str, Reading, float]]:
    return ("title", ticket.title, TITLE_FACTOR), ("description", ticket.description, 1.0)


def _weigh(match: Match, part: str, factor: float, note: str = "") -> Evidence:
    weights = {label: weight * factor for label, weight in match.weights().items()}
    return Evidence(match.phrase, match.idea, part, weights, note)


def _is_fault(match: Match) -> bool:
    return any(not terms.scope and not terms.weights.keys().isdisjoint(WORRYING) for terms in match.terms)


def _negated(match: Match, words: Sequence[Word], taken: Iterable[int]) -> bool:
    """Tell whether a negation governs the match: it stands shortly before it in its clause and in no other phrase."""
    if words[match.start].stem in _NEGATORS or words[match.start].stem == "cannot":
        return False
    clause = words[match.start].clause
    reach = NEGATION_REACH if _is_fault(match) else 1
    for position in range(match.start - 1, max(-1, match.start - 1 - reach), -1):
        word = words[position]
        if word.clause != clause:
            return False
        if word.stem in _NEGATORS and position not in taken:
            return word.stem != "without" or match.start - position < NEGATION_REACH
    return False


def _not_meant(match: Match, words: Sequence[Word]) -> bool:
    """Tell whether upkeep is only the cause that is named ("since the upgrade"), or the end only wished for."""
    excuses = {"upkeep": _CAUSES, "wish": _CAUSES, "over": _NOT_YET}.get(match.idea, frozenset())
    before = words[max(0, match.start - EXCUSE_REACH) : match.start]
    return any(word.stem in excuses and word.clause == words[match.start].clause for word in before)


def _corrected_before(words: Sequence[Word]) -> int:
    """Return the position before which the writer took the words back ("one of the redis, no sorry, of the ...")."""
    for position in range(len(words) - 1, 0, -1):
        for correction in _CORRECTIONS:
            if words[position].stem == correction[0]:
                following = tuple(word.stem for word in words[position : position + len(correction)])
                if following == correction:
                    return position
    return 0


class _Clauses:
    """What each clause of a text says about the things it names."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._healthy: dict[int, int] = {}
        self._suspected: set[int] = set()
        self._causes: dict[int, int] = {}
        for position, word in enumerate(words):
            if word.stem in _HEALTHY or self._is_up(position):
                if not self._denied(position):
                    self._healthy[word.clause] = position
            elif word.stem in _SUSPECTED:
                self._suspected.add(word.clause)
            elif word.stem in _CAUSES:
                self._causes.setdefault(word.clause, position)

    def cleared(self, match: Match) -> bool:
        """Tell whether the clause says that the thing is healthy, or that it is not the thing."""
        position = self._healthy.get(self._words[match.start].clause, -1)
        return match.end <= position < match.end + HEALTH_REACH or self._not_this(match)

    def suspected(self, match: Match) -> bool:
        """Tell whether the thing was only suspected."""
        return self._words[match.start].clause in self._suspected

    def named_as_cause(self, match: Match) -> bool:
        """Tell whether the thing follows a word such as "because of" in its clause."""
        position = self._causes.get(self._words[match.start].clause)
        return position is not None and position < match.start

    def _is_up(self, position: int) -> bool:
        word = self._words[position]
        if word.stem != "up" or position == 0:
            return False
        last = position + 1 == len(self._words) or self._words[position + 1].clause != word.clause
        return last or self._words[position + 1].stem == "and"

    def _denied(self, position: int) -> bool:
        clause = self._words[position].clause
        return any(
            word.clause == clause and (word.stem in _NEGATORS or word.stem == "cannot")
            for word in self._words[max(0, position - 2) : position]
        )

    def _not_this(self, match: Match) -> bool:
        before = self._words[match.start - 1] if match.start else None
        return before is not None and before.stem == "not" and before.clause == self._words[match.start].clause
