"""How a ticket's text becomes words and phrases."""

import pytest

from functions.classify.rule_evidence import category_lexicon, priority_lexicon
from functions.classify.rule_match import Lexicon, Terms
from functions.classify.rule_text import read, stem


@pytest.mark.parametrize(
    "forms",
    [
        "fail fails failed failing",
        "query queries",
        "crash crashes crashed crashing",
        "drop drops dropped dropping",
        "database databases",
        "cache caches cached caching",
        "lose lost loses losing",
    ],
)
def test_the_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("recovered", "recovering"),
        ("resolved", "resolving"),
        ("expired", "expires"),
        ("feedback", "db"),
        ("data", "date"),
    ],
)
def test_words_of_different_meaning_keep_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize("text", ["can't load", "can not load", "cannot load", "unable to load", "is not able to load"])
def test_every_way_to_say_cannot_reads_the_same(text: str) -> None:
    assert [word.stem for word in read(text).words] == ["cannot", "load"]


@pytest.mark.parametrize("text", ["doesn't work", "does not work", "won't work", "is not working", "no longer works"])
def test_every_way_to_say_not_reads_the_same(text: str) -> None:
    assert [word.stem for word in read(text).words] == ["not", "work"]


def test_sentences_end_at_stops_but_not_inside_numbers_or_names() -> None:
    words = read("Version 15.4 of db.example.org fails. Why? Help").words
    assert [word.sentence for word in words if word.stem in {"fail", "why", "help"}] == [0, 1, 2]


def test_a_compound_is_split_unless_a_lexicon_knows_it() -> None:
    assert [word.stem for word in read("PaymentGatewayException").words] == ["payment", "gateway", "exception"]
    assert [word.stem for word in read("PostgreSQL", {"postgresql"}).words] == ["postgresql"]


def test_the_longest_phrase_wins_and_hides_the_words_in_it() -> None:
    lexicon = Lexicon([Terms("fault", {"HIGH": 1}, "down"), Terms("hidden", {}, "down payment")])
    assert [match.phrase for match in lexicon.find(read("down payment is down"))] == ["down payment", "down"]


def test_a_phrase_does_not_cross_the_end_of_a_sentence() -> None:
    lexicon = Lexicon([Terms("loss", {"HIGH": 1}, "data lost")])
    assert not lexicon.find(read("I sent the data. Lost my keys."))


def test_forms_of_one_phrase_in_one_group_count_once() -> None:
    lexicon = Lexicon([Terms("fault", {"FAULT": 1}, "fail, fails, failed")])
    assert lexicon.find(read("failing"))[0].weights() == {"FAULT": 1}


def test_a_phrase_of_dropped_words_only_is_refused() -> None:
    with pytest.raises(ValueError, match="no word that is kept"):
        Lexicon([Terms("empty", {"HIGH": 1}, "is the")])


def test_the_lexicons_are_built() -> None:
    assert {"postgres", "firewall", "kubernete"} & category_lexicon().words
    assert "outag" in priority_lexicon().words
