"""Statuses and Retry-After."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.process.webhooks.answers import check_answer, parse_retry_after
from smartqueue.errors import PermanentError, RetryableError

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(status: int) -> None:
    check_answer(status, None, now=NOW)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 599])
def test_the_receiver_s_trouble_is_retryable(status: int) -> None:
    with pytest.raises(RetryableError, match=str(status)) as caught:
        check_answer(status, "7", now=NOW)
    assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize("status", [101, 300, 301, 304, 307, 400, 401, 404, 410, 422, 499, 600, 999])
def test_everything_else_is_permanent(status: int) -> None:
    with pytest.raises(PermanentError, match=str(status)):
        check_answer(status, "7", now=NOW)


def test_messages_name_the_status_and_explain_redirects() -> None:
    with pytest.raises(PermanentError) as caught:
        check_answer(404, None, now=NOW)
    assert str(caught.value) == "The receiver answered 404 Not Found."
    with pytest.raises(PermanentError, match=r"302 Found\. Redirects are not followed"):
        check_answer(302, None, now=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("300", 300),
        ("301", 300),
        ("9" * 5000, 300),
        ("Wed, 02 Jan 2030 03:04:35 GMT", 30),
        ("Wednesday, 02-Jan-30 03:04:35 GMT", 30),
        ("Wed, 02 Jan 2030 03:04:35 -0000", 30),
        ("Wed, 02 Jan 2030 04:04:35 +0100", 30),
        ("Wed, 02 Jan 2030 02:00:00 GMT", 0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 300),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Wed, 99 Jan 2030 03:04:35 GMT", None),
        ("Wed, 02 Jan 99999 03:04:35 GMT", None),
    ],
)
def test_retry_after_table(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:+-]{1,14}"))
def test_no_retry_after_breaks_it(value: str) -> None:
    seconds = parse_retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= 300
