"""Finds the phrases of a lexicon in a text: whole words, longest phrase first, each word used once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from functions.classify.rule_text import Reading, Word, read


class Terms(NamedTuple):
    """Phrases that stand for one idea, and what each of them says for each category or priority.

    `scope` marks words that only tell how much is hit: they count beside a failure, never alone.
    """

    idea: str
    weights: Mapping[str, float]
    phrases: str
    scope: bool = False


class Match(NamedTuple):
    """A phrase found in a text, from word `start` up to but not including word `end`."""

    phrase: str
    terms: Sequence[Terms]
    start: int
    end: int

    @property
    def idea(self) -> str:
        """Name the first idea the phrase stands for."""
        return self.terms[0].idea

    def weights(self) -> dict[str, float]:
        """Add up what all ideas of the phrase say."""
        total: dict[str, float] = {}
        for terms in self.terms:
            for label, weight in terms.weights.items():
                total[label] = total.get(label, 0.0) + weight
        return total


class _Node:
    """One word of the phrase tree."""

    __slots__ = ("following", "phrase", "terms")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.phrase = ""
        self.terms: list[Terms] = []


class Lexicon:
    """A tree of phrases. A phrase may stand in several groups; a phrase without weights hides the words in it."""

    def __init__(self, groups: Iterable[Terms]) -> None:
        self.words: set[str] = set()
        self._root = _Node()
        for terms in groups:
            for phrase in terms.phrases.split(","):
                self._add(phrase.strip(), terms)

    def _add(self, phrase: str, terms: Terms) -> None:
        node = self._root
        words = [word.stem for word in read(phrase).words]
        if not words:
            message = f"the phrase {phrase!r} of {terms.idea!r} has no word that is kept"
            raise ValueError(message)
        for word in words:
            self.words.add(word)
            node = node.following.setdefault(word, _Node())
        node.phrase = node.phrase or phrase
        if terms not in node.terms:
            node.terms.append(terms)

    def find(self, reading: Reading) -> list[Match]:
        """Return the matches in the order of the text; they do not overlap and do not cross a sentence's end."""
        matches: list[Match] = []
        words = reading.words
        position = 0
        while position < len(words):
            match = self._longest(words, position)
            if match is None:
                position += 1
                continue
            matches.append(match)
            position = match.end
        return matches

    def _longest(self, words: Sequence[Word], start: int) -> Match | None:
        node = self._root
        best: Match | None = None
        sentence = words[start].sentence
        for position in range(start, len(words)):
            word = words[position]
            following = node.following.get(word.stem) if word.sentence == sentence else None
            if following is None:
                break
            node = following
            if node.terms:
                best = Match(node.phrase, node.terms, start, position + 1)
        return best
