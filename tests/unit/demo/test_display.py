"""How the board looks, with a terminal and without one."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from localstack.demo.display import Board, job_table, state_words
from localstack.demo.run import conclude
from tests.unit.demo.demo_jobs import make_job

ESCAPE = "\x1b"


def open_file(width: int = 120) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_every_news_is_one_line_and_said_once() -> None:
    console = open_file()
    first, second = make_job("One [bold]", status="PENDING", attempts=0), make_job("Two", status="PENDING")
    with Board(console) as board:
        board.update([first, second])
        assert written(console) == ""
        first.view |= {"attempts": 1}
        board.update([first, second])
        board.update([first, second])
        second.view |= {"status": "COMPLETED", "attempts": 1}
        board.update([first, second])
        progress = written(console).splitlines()

    assert [line.split(" s  ")[1] for line in progress] == [
        "harbour  ticket    attempt 1 failed, retry now: One [bold]",
        "harbour  ticket    COMPLETED: Two",
    ]
    assert "job" in written(console).splitlines()[3]
    assert ESCAPE not in written(console)


def test_with_a_terminal_the_table_is_drawn_in_place() -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, _environ={"TERM": "xterm"})
    with Board(console) as board:
        board.update([make_job(status="COMPLETED")])

    assert ESCAPE in written(console)
    assert "COMPLETED" in written(console)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_job_has_one_line_that_fits(width: int) -> None:
    console = open_file(width)
    times = {"createdAt": "2026-11-24T07:00:00Z", "completedAt": "2026-11-24T07:00:12Z"}
    state: dict[str, Any] = {"status": "COMPLETED", "attempts": 3, "category": "Infrastructure", "priority": "MEDIUM"}
    jobs = [make_job(f"{number} " + "long " * 40, **state, **times) for number in range(3)]

    console.print(job_table(jobs, width))

    lines = written(console).splitlines()
    assert len(lines) == 4
    assert all(len(line) <= width for line in lines)
    assert all("COMPLETED" in line and "MEDIUM" in line and "12.0 s" in line for line in lines[1:])


def test_a_job_that_waits_says_when_it_is_tried_again() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=3.2)).isoformat()

    assert state_words(make_job(status="PENDING", attempts=1, nextAttemptAt=soon)) == "retry in 3 s"
    assert state_words(make_job(status="PENDING", attempts=1, nextAttemptAt=None)) == "retry now"
    assert state_words(make_job(status="PENDING", attempts=0, nextAttemptAt=soon)) == "PENDING"


def test_the_exit_code_is_0_only_without_findings() -> None:
    good, bad = open_file(), open_file()

    assert conclude(good, 20, [], seconds=21.4) == 0
    assert conclude(bad, 20, ["'Disk is full': [it] did not"], seconds=21.4) == 1
    assert written(good).strip() == "demo: 20 jobs, all ended as announced (21 s)"
    assert "  - 'Disk is full': [it] did not" in written(bad)
