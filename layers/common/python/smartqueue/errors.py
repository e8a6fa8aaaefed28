"""Every error of the project, as a tree. Nobody decides anything by reading a message.

SmartQueueError
├── SettingsError               the environment is incomplete
├── SecretError                 a secret cannot be read
├── ApiError                    becomes a problem+json answer with `status`
│   ├── BadRequestError         400
│   ├── UnauthorizedError       401
│   ├── ForbiddenError          403
│   ├── NotFoundError           404
│   ├── ConflictError           409
│   ├── UnsupportedMediaTypeError 415
│   ├── UnprocessableError      422
│   ├── TooManyRequestsError    429
│   └── UnavailableError        503
├── PublishError                Kafka did not acknowledge in time
├── PoisonRecordError           a Kafka record that can never be processed
└── JobError                    a job's own failure
    ├── RetryableError          may succeed later
    └── PermanentError          never will
"""

from http import HTTPStatus
from typing import Self


class SmartQueueError(Exception):
    """The root of the tree."""


class SettingsError(SmartQueueError):
    """The environment lacks variables or holds unusable ones."""


class SecretError(SmartQueueError):
    """Secrets Manager does not give a secret, or it holds no JSON object."""


class ApiError(SmartQueueError):
    """A request that is answered with a problem+json body. `detail` tells the caller what to change.

    errors: optional list of {"field", "message"}. retry_after_seconds: sent as Retry-After.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(
        self,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds


class BadRequestError(ApiError):
    """The request cannot be read."""

    status = HTTPStatus.BAD_REQUEST


class UnauthorizedError(ApiError):
    """No token, or one that is not good."""

    status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(ApiError):
    """A good token whose role does not allow this."""

    status = HTTPStatus.FORBIDDEN


class NotFoundError(ApiError):
    """Nothing there that this tenant may see."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(ApiError):
    """The state of the thing does not allow this."""

    status = HTTPStatus.CONFLICT


class ContentTooLargeError(ApiError):
    """The body is larger than the API takes at once."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaTypeError(ApiError):
    """The body is not in a format that is read here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnprocessableError(ApiError):
    """The request can be read but breaks a rule."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    @classmethod
    def of_field(cls, field: str, message: str) -> Self:
        """Return the error of one field; `message` goes on from its name, as in "must have 12 characters"."""
        return cls(f"{field} {message}.", errors=[{"field": field, "message": message}])


class TooManyRequestsError(ApiError):
    """A quota or limit is used up; `retry_after_seconds` says for how long."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class UnavailableError(ApiError):
    """Something this service depends on is away; the request changed nothing."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class PublishError(SmartQueueError):
    """Kafka did not acknowledge some messages within the time allowed."""


class PoisonRecordError(SmartQueueError):
    """A record that no retry can make readable. `reason` is one of the words docs/guarantees.md lists."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class JobError(SmartQueueError):
    """A job's own failure, told to its tenant as `lastError`: the message must hold no secret."""


class RetryableError(JobError):
    """The attempt failed, a later one may succeed; `retry_after_seconds` is a wish of the other side."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(JobError):
    """No later attempt can succeed."""
