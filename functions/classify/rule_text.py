"""Ticket text as canonical words: one spelling per word, and the clause and sentence each word stands in."""

import re
import unicodedata
from collections.abc import Iterator, Set
from functools import lru_cache
from typing import NamedTuple

from functions.classify.rule_spelling import CANNOT, CONTRAST, DROPPED, IRREGULAR, NOT, WHOLE

_PIECE = re.compile(
    r"(?P<word>[^\W_]+(?:'[^\W_]+)?)"
    r"|(?P<sentence>(?<![.!?])[.!?]++(?=[\s\"')\]]|$)|\n+)"
    r"|(?P<clause>[,;:()\[\]\u2013\u2014]|(?<=\s)-(?=\s)|->)"
)
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+|[^\W_A-Za-z\d]+")
_LETTERS_DIGITS = re.compile(r"([^\W\d_]{2,})(\d+)$")


class Word(NamedTuple):
    """One word: its stem, and the numbers of its clause and its sentence."""

    stem: str
    clause: int
    sentence: int


class Reading(NamedTuple):
    """A text's words, and the sentences that end in a question mark."""

    words: tuple[Word, ...]
    questions: frozenset[int]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Take a lower-case word to the form that its plural and its verb forms share."""
    word = IRREGULAR.get(word, word)
    if word in WHOLE:
        return word
    if len(word) <= 3 or not word.isalpha():  # noqa: PLR2004 - shorter words have no ending to take off
        return word
    return _without_verb_ending(_without_plural(word))


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > len("dies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_verb_ending(word: str) -> str:
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and any(letter in "aeiouy" for letter in rest):  # noqa: PLR2004
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    return word.removesuffix("e") if len(word) > 3 else word  # noqa: PLR2004


def read(text: str, known: Set[str] = frozenset()) -> Reading:
    """Cut `text` into canonical words; a compound such as CrashLoopBackOff is split unless `known` has it whole."""
    normal = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u02bc", "'").replace("`", "'")
    words: list[Word] = []
    questions: set[int] = set()
    clause = sentence = 0
    for piece in _PIECE.finditer(normal):
        if piece.lastgroup == "word":
            for plain in _plain_words(piece[0], known):
                if plain in CONTRAST:
                    clause += 1
                _append(words, plain, clause, sentence)
            continue
        clause += 1
        if piece.lastgroup == "sentence":
            if "?" in piece[0]:
                questions.add(sentence)
            sentence += 1
    return Reading(tuple(_join_lists(words)), frozenset(questions))


def _plain_words(raw: str, known: Set[str]) -> Iterator[str]:
    lower = raw.lower()
    if "'" in lower:
        lower = lower.removesuffix("'s").replace("'", "")
    if stem(lower) in known:
        yield lower
        return
    parts = _CAMEL.findall(raw) if not (raw.islower() or raw.isupper() or raw.istitle()) else ()
    if len(parts) > 1 and "'" not in raw and lower not in NOT and lower not in CANNOT:
        yield from (part.lower() for part in parts)
        return
    numbered = _LETTERS_DIGITS.match(lower)
    if numbered:
        yield from numbered.groups()
        return
    yield lower


def _append(words: list[Word], plain: str, clause: int, sentence: int) -> None:
    """Add one word; the ways to say "not" and "cannot" each become one word."""
    last = words[-1].stem if words and words[-1].clause == clause else ""
    if plain in DROPPED:
        return
    if plain in NOT or (plain == "longer" and last == "no"):
        if last in {"can", "could", "no"}:
            words.pop()
        words.append(Word("cannot" if last in {"can", "could"} else "not", clause, sentence))
    elif plain in CANNOT or (plain == "able" and last == "not"):
        if plain == "able":
            words.pop()
        words.append(Word("cannot", clause, sentence))
    elif not (plain == "to" and last == "cannot"):
        words.append(Word(stem(plain), clause, sentence))


def _join_lists(words: list[Word]) -> list[Word]:
    """Let short items of a list ("CPU, memory and pods are fine") share the clause that follows them."""
    joined: list[Word] = []
    following = -1
    size: dict[int, int] = {}
    for word in words:
        size[word.clause] = size.get(word.clause, 0) + 1
    next_word: Word | None = None
    for word in reversed(words):
        clause = word.clause
        if next_word is not None and clause != next_word.clause:
            short = size[clause] <= 2 and word.sentence == next_word.sentence  # noqa: PLR2004
            following = following if short else clause
        elif next_word is None:
            following = clause
        joined.append(word._replace(clause=following))
        next_word = word
    joined.reverse()
    return joined
