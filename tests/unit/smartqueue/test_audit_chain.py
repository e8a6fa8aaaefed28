"""The verification of audit chains, with trails of any content and damage of any kind."""

import hashlib
from collections import Counter
from dataclasses import asdict, replace
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from smartqueue.audit_chain import COLUMNS, GENESIS, Books, Head, Kind, Link, Problem, Values, Verifier, link_hash
from smartqueue.jobs import Status

STATE = st.sampled_from([None, *map(str, Status)])
# Digits, colons and dashes are what the text of a row is made of; they must not help to fake one.
TEXT = st.one_of(st.none(), st.text(alphabet="0123:-a", max_size=5), st.text(max_size=5))
MORE = st.integers(min_value=1, max_value=3)


@st.composite
def rows(draw: st.DrawFn) -> list[str | None]:
    """One row of any content."""
    values = [draw(TEXT) for _ in COLUMNS]
    actions = ["JOB_CREATED", "JOB_STATUS_CHANGED", "JOB_REMOVED", "USER_REGISTERED"]
    values[COLUMNS.index("action")] = draw(st.sampled_from(actions))
    values[COLUMNS.index("old_state")], values[COLUMNS.index("new_state")] = draw(STATE), draw(STATE)
    return values


TRAILS = st.lists(rows(), min_size=1, max_size=8)


def chain(trail: list[list[str | None]]) -> list[Link]:
    """Link rows as the trigger does."""
    links: list[Link] = []
    for position, values in enumerate(trail, 1):
        previous = links[-1].hash if links else GENESIS
        links.append(
            Link(position=position, hash=link_hash(previous, values), audit_id=f"row-{position}", values=values)
        )
    return links


def head(links: list[Link]) -> Head:
    """The head of whole links, as the trigger keeps it."""
    books = Books()
    for link in links:
        assert link.values is not None
        books = books.plus(link.values)
    return Head(position=len(links), hash=links[-1].hash if links else GENESIS, books=books)


def verify(links: list[Link], end: Head | None, *sealed: Head) -> list[Problem]:
    verifier = Verifier(tenant_id="t", sealed={one.position: one for one in sealed})
    return [*verifier.follow(links), *verifier.finish(end)]


def kinds(problems: list[Problem]) -> Counter[Kind]:
    return Counter(problem.kind for problem in problems)


@given(TRAILS)
def test_what_was_not_touched_is_sound_and_passes_through_all_its_earlier_heads(trail: list[list[str | None]]) -> None:
    links = chain(trail)
    assert verify(links, head(links), *(head(links[:end]) for end in range(len(links) + 1))) == []


@given(TRAILS, st.data())
def test_pages_of_any_size_say_the_same_as_the_whole(trail: list[list[str | None]], data: st.DataObject) -> None:
    links = chain(trail)
    cut = data.draw(st.integers(0, len(links)))
    first = Verifier(tenant_id="t")
    assert first.follow(links[:cut]) == []
    assert first.head == head(links[:cut])
    second = Verifier(tenant_id="t", start=first.head)
    assert [*second.follow(links[cut:]), *second.finish(head(links))] == []
    assert first.checked + second.checked == len(links)


@given(rows(), rows())
def test_two_rows_never_have_the_same_text(one: list[str | None], other: list[str | None]) -> None:
    assume(one != other)
    assert link_hash(GENESIS, one) != link_hash(GENESIS, other)


@given(rows(), st.integers(0, len(COLUMNS) - 2))
def test_a_character_that_moves_to_the_next_column_is_noticed(row: list[str | None], column: int) -> None:
    value, following = row[column], row[column + 1]
    assume(value)
    assert value is not None
    moved = [*row[:column], value[:-1], value[-1] + (following or ""), *row[column + 2 :]]
    assert link_hash(GENESIS, moved) != link_hash(GENESIS, row)


@given(rows(), st.integers(0, len(COLUMNS) - 1))
def test_nothing_and_an_empty_text_are_not_the_same(row: list[str | None], column: int) -> None:
    nothing: Values = [*row[:column], None, *row[column + 1 :]]
    empty: Values = [*row[:column], "", *row[column + 1 :]]
    assert link_hash(GENESIS, nothing) != link_hash(GENESIS, empty)


@given(TRAILS, rows(), st.data())
def test_an_edited_row_is_found_where_it_is(
    trail: list[list[str | None]], other: list[str | None], data: st.DataObject
) -> None:
    links = chain(trail)
    place = data.draw(st.integers(0, len(links) - 1))
    assume(links[place].values != other)
    edited = [*links[:place], replace(links[place], values=other), *links[place + 1 :]]
    assert [(p.kind, p.position) for p in verify(edited, head(links))] == [(Kind.EDITED, place + 1)]


@given(TRAILS, st.data())
def test_a_removed_row_is_found_where_it_was(trail: list[list[str | None]], data: st.DataObject) -> None:
    links = chain(trail)
    place = data.draw(st.integers(0, len(links) - 1))
    damaged = [*links[:place], replace(links[place], values=None), *links[place + 1 :]]
    assert [(p.kind, p.position) for p in verify(damaged, head(links))] == [(Kind.REMOVED, place + 1)]


@given(TRAILS, st.data())
def test_links_that_are_gone_are_found(trail: list[list[str | None]], data: st.DataObject) -> None:
    links = chain(trail)
    first = data.draw(st.integers(0, len(links) - 1))
    end = data.draw(st.integers(first + 1, len(links)))
    found = kinds(verify([*links[:first], *links[end:]], head(links)))
    # At the end nothing follows that could show the gap, but the head does.
    assert found == {Kind.HEAD_MISMATCH if end == len(links) else Kind.BROKEN_LINK: 1}


@given(TRAILS, st.data())
def test_rows_in_another_order_are_found(trail: list[list[str | None]], data: st.DataObject) -> None:
    links = chain(trail)
    order = data.draw(st.permutations(range(len(links))))
    moved = [
        replace(links[old], position=place, hash=links[place - 1].hash, audit_id=links[old].audit_id)
        for place, old in enumerate(order, 1)
    ]
    changed = [new for new, old in zip(moved, links, strict=True) if new.values != old.values]
    assert kinds(verify(moved, head(links))) == Counter({Kind.EDITED: len(changed)} if changed else {})


@given(TRAILS, rows(), st.data())
def test_a_chain_computed_anew_is_found_by_a_sealed_head_behind_the_change_and_by_no_other(
    trail: list[list[str | None]], other: list[str | None], data: st.DataObject
) -> None:
    links = chain(trail)
    place = data.draw(st.integers(0, len(links) - 1))
    assume(trail[place] != other)
    again = chain([*trail[:place], other, *trail[place + 1 :]])
    assert verify(again, head(again)) == []
    for position in range(1, len(links) + 1):
        found = kinds(verify(again, head(again), head(links[:position])))
        assert found == ({Kind.HEAD_MISMATCH: 1} if position > place else {}), position


@given(TRAILS, MORE)
def test_a_chain_that_was_cut_is_found_by_a_sealed_head(trail: list[list[str | None]], missing: int) -> None:
    links = chain(trail)
    kept = links[: max(len(links) - missing, 0)]
    assert verify(kept, head(kept)) == []
    [problem] = verify(kept, head(kept), head(links))
    assert (problem.kind, problem.position) == (Kind.HEAD_MISMATCH, len(links))
    assert kinds(verify([], None, head(links))) == {Kind.HEAD_MISMATCH: 1}


@given(TRAILS, st.sampled_from(sorted(asdict(Books()))), st.integers(-3, 3))
def test_books_that_were_changed_are_found(trail: list[list[str | None]], name: str, change: int) -> None:
    links = chain(trail)
    end = head(links)
    assert end.books is not None
    wrong = replace(end, books=replace(end.books, **{name: getattr(end.books, name) + change}))
    expected = Counter({Kind.BOOKS_MISMATCH: 1} if change else {})
    assert kinds(verify(links, wrong)) == expected
    # What was sealed is compared as well, and a start whose books are unknown compares none.
    assert kinds(verify(links, end, wrong)) == expected
    verifier = Verifier(tenant_id="t", start=Head(books=None))
    assert [*verifier.follow(links), *verifier.finish(wrong)] == []


@given(TRAILS, st.data())
def test_a_trail_that_was_cut_is_sound_behind_its_base_and_misses_no_head_before_it(
    trail: list[list[str | None]], data: st.DataObject
) -> None:
    links = chain(trail)
    cut = data.draw(st.integers(0, len(links)))
    heads = [head(links[:end]) for end in range(len(links) + 1)]
    verifier = Verifier(tenant_id="t", start=heads[cut], sealed={one.position: one for one in heads})
    assert [*verifier.follow(links[cut:]), *verifier.finish(heads[-1])] == []
    assert verifier.head == heads[-1]


@given(TRAILS, st.data())
def test_rows_that_go_while_they_are_read_are_passed_over(trail: list[list[str | None]], data: st.DataObject) -> None:
    links = chain(trail)
    read = data.draw(st.integers(0, len(links)))
    cut = data.draw(st.integers(read, len(links)))
    heads = [head(links[:end]) for end in range(len(links) + 1)]
    verifier = Verifier(tenant_id="t", sealed={one.position: one for one in heads})
    assert verifier.follow(links[:read]) == []
    verifier.go_to(heads[cut])
    assert [*verifier.follow(links[cut:]), *verifier.finish(heads[-1])] == []


@given(TRAILS, st.data())
def test_a_base_that_was_edited_is_found(trail: list[list[str | None]], data: st.DataObject) -> None:
    links = chain(trail)
    cut = data.draw(st.integers(1, len(links)))
    end, base = head(links), head(links[:cut])
    assert base.books is not None
    name = data.draw(st.sampled_from(sorted(asdict(Books()))))
    wrong = {
        "hash": replace(base, hash=hashlib.sha256(base.hash).digest()),
        "books": replace(base, books=replace(base.books, **{name: getattr(base.books, name) + 1})),
        "moved back": replace(base, position=cut - 1),
        "moved on": replace(base, position=cut + 1),
    }
    ends = cut == len(links)
    found = {
        "hash": Kind.HEAD_MISMATCH if ends else Kind.EDITED,
        "books": Kind.BOOKS_MISMATCH,
        "moved back": Kind.HEAD_MISMATCH if ends else Kind.BROKEN_LINK,
        # Its rows begin too early for it: what it skips is not what comes next.
        "moved on": Kind.HEAD_MISMATCH if ends else Kind.EDITED if cut + 1 < len(links) else Kind.HEAD_MISMATCH,
    }
    for what, start in wrong.items():
        verifier = Verifier(tenant_id="t", start=start)
        kept = [link for link in links[cut:] if link.position > start.position]
        assert found[what] in kinds([*verifier.follow(kept), *verifier.finish(end)]), what


@given(st.lists(st.tuples(st.lists(st.sampled_from(Status), min_size=1, max_size=6), st.booleans()), max_size=6))
def test_the_books_count_jobs_by_the_state_they_are_in_and_those_that_were_removed(
    jobs: list[tuple[list[Status], bool]],
) -> None:
    books = Books()
    for states, is_removed in jobs:
        books = books.plus(step(None, states[0]))
        for old, new in pairwise(states):
            books = books.plus(step(old, new))
        if is_removed:
            books = books.plus(step(states[-1], None))
    ends = Counter(states[-1].lower() for states, is_removed in jobs if not is_removed)
    assert asdict(books) == {
        "accepted": len(jobs),
        **{state.lower(): ends[state.lower()] for state in Status},
        "removed": sum(is_removed for _, is_removed in jobs),
    }


def step(old: str | None, new: str | None) -> Values:
    row: dict[str, str | None] = dict.fromkeys(COLUMNS, "x")
    action = "JOB_CREATED" if old is None else "JOB_REMOVED" if new is None else "JOB_STATUS_CHANGED"
    row |= {"action": action, "old_state": old, "new_state": new}
    return [row[name] for name in COLUMNS]


def test_the_hash_of_a_row_is_the_one_it_always_was() -> None:
    """Fails for every change of the text or the hash: such a change would make every old link look edited."""
    values = [
        "1",
        "tenant-a",
        None,
        "al\u00eece",
        "JOB_CREATED",
        "j",
        None,
        "PENDING",
        "",
        "{}",
        "c",
        "2026-11-24T03:00:00.000001Z",
    ]
    text = "1:18:tenant-a-6:al\u00eece11:JOB_CREATED1:j-7:PENDING0:2:{}1:c27:2026-11-24T03:00:00.000001Z"
    assert link_hash(GENESIS, values) == hashlib.sha256(bytes(32) + text.encode()).digest()
