"""What the receiver's status means for the job: done, try again, or never."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from smartqueue.errors import PermanentError, RetryableError
from smartqueue.outcomes import MAX_RETRY_AFTER_SECONDS

_TRY_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


def check_answer(status: int, retry_after: str | None, *, now: datetime) -> None:
    """Return if `status` is 2xx.

    Raises RetryableError for 408, 429 and 5xx, with what the Retry-After header asks for, or PermanentError.
    The messages hold nothing that the receiver wrote.
    """
    if 200 <= status < 300:  # noqa: PLR2004
        return
    answer = _name(status)
    if status in _TRY_AGAIN or 500 <= status < 600:  # noqa: PLR2004
        raise RetryableError(
            f"The receiver answered {answer}.", retry_after_seconds=parse_retry_after(retry_after, now=now)
        )
    if 300 <= status < 400:  # noqa: PLR2004
        raise PermanentError(f"The receiver answered {answer}. Redirects are not followed: use the final URL.")
    raise PermanentError(f"The receiver answered {answer}.")


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the wait that a Retry-After header asks for, in seconds or as an HTTP date, at most five minutes.

    A date that has passed means no wait. What cannot be read counts as not said: None.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        seconds = float(value)
    else:
        try:
            date = parsedate_to_datetime(value)
            # Without an offset a date is in UTC: RFC 9110 knows no other.
            seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _name(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
