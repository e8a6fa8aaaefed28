"""An API function's outside: routing, correlation id, authentication, and errors as problem+json.

Handlers stay thin and need no try/except: what they raise is translated here, once.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic import TypeAdapter

from smartqueue.cors import cors_headers
from smartqueue.errors import ApiError, ForbiddenError, UnauthorizedError
from smartqueue.failed_calls import count_failed_call
from smartqueue.ids import new_id
from smartqueue.logs import log_invocation, logger
from smartqueue.problems import CORRELATION_ID, api_problem, field_errors, problem, summarise
from smartqueue.request_checks import check_request
from smartqueue.roles import Principal, required_role

if TYPE_CHECKING:
    import psycopg

SAFE_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
DATABASE_RETRY_AFTER_SECONDS = 5

Verify = Callable[[str | None], Principal]
Origins = Callable[[], frozenset[str]]


class Api:
    """A Powertools resolver with this project's manners.

    allowed_origins: tells whose pages may read the answers. verify: reads the Authorization header, raises
    UnauthorizedError. public: paths that need no token. uses_database: whether to load the database driver, to answer
    503 when Postgres is away.
    """

    def __init__(
        self,
        *,
        allowed_origins: Origins,
        verify: Verify | None = None,
        public: frozenset[str] = frozenset(),
        uses_database: bool = True,
    ) -> None:
        self.app = APIGatewayRestResolver(enable_validation=True, serializer=_serialize)
        self._allowed_origins = allowed_origins
        self._verify = verify
        self._public = public
        self._principal: Principal | None = None
        self._correlation_id = ""
        self.app.exception_handler(ApiError)(self._api_error)
        self.app.exception_handler(RequestValidationError)(self._invalid_request)
        if uses_database:
            import psycopg  # noqa: PLC0415

            self.app.exception_handler(psycopg.OperationalError)(self._database_away)
        self.app.exception_handler(ServiceError)(self._service_error)
        self.app.exception_handler(Exception)(self._unexpected)
        self.app.not_found(self._no_route)

    def serve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer one API Gateway proxy event."""
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        correlation_id = read_correlation_id(headers)
        method, path = event["httpMethod"], event["resource"]
        with log_invocation(context) as log:
            log.append_keys(correlation_id=correlation_id)
            self._correlation_id, self._principal = correlation_id, None
            sent = {CORRELATION_ID: correlation_id}
            try:
                sent |= cors_headers(self._allowed_origins(), headers.get("origin"))
                if self._verify is not None and path not in self._public:
                    self._principal = self._verify(headers.get("authorization"))
                    log.append_keys(tenant_id=self._principal.tenant_id)
                    check_role(self._principal, method, path)
                check_request(event)
            except ApiError as error:
                answer = _as_proxy_result(api_problem(error, correlation_id))
            except Exception as error:  # noqa: BLE001 - such as keys that cannot be read; it is logged
                answer = _as_proxy_result(self._unexpected(error))
            else:
                answer = self.app.resolve(event, context)
            # Tokens and tenants' data: nothing for a cache, whoever forgets to say so.
            kept = {"Cache-Control": ["no-store"], **answer.get("multiValueHeaders", {})}
            answer["multiValueHeaders"] = {**kept, **{name: [value] for name, value in sent.items()}}
            log.info("answered", extra={"method": method, "path": path, "status": answer["statusCode"]})
            if answer["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                count_failed_call(log.service)
        return answer

    @property
    def principal(self) -> Principal:
        """Who is calling. Raises UnauthorizedError on a public route."""
        if self._principal is None:
            raise UnauthorizedError("This needs a token.")
        return self._principal

    @property
    def correlation_id(self) -> str:
        """The correlation id of the request being answered."""
        return self._correlation_id

    def header(self, name: str) -> str | None:
        """Return a request header by name, in any case."""
        return self.app.current_event.headers.get(name)

    def _api_error(self, error: ApiError) -> Response[str]:
        return api_problem(error, self.correlation_id)

    def _invalid_request(self, error: RequestValidationError) -> Response[str]:
        errors = field_errors(error.errors())
        detail = f"Some fields are wrong: {summarise(errors)}."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, self.correlation_id, errors=errors)

    def _database_away(self, error: "psycopg.OperationalError") -> Response[str]:
        logger().error("database is away", extra={"error": type(error).__name__, "sqlstate": error.sqlstate})
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The database cannot be reached just now. Try again in a few seconds; where a repeat would matter, send an "
            "Idempotency-Key, since the connection may have been lost after the change was made.",
            self.correlation_id,
            retry_after_seconds=DATABASE_RETRY_AFTER_SECONDS,
        )

    def _service_error(self, error: ServiceError) -> Response[str]:
        return problem(HTTPStatus(error.status_code), str(error.msg), self.correlation_id)

    def _no_route(self, _: RouteNotFoundError) -> Response[str]:
        return problem(HTTPStatus.NOT_FOUND, "There is no such route: see GET /docs.", self.correlation_id)

    def _unexpected(self, error: Exception) -> Response[str]:
        logger().error("unexpected error", exc_info=error)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "Something went wrong on our side. Tell us the correlationId if it keeps happening.",
            self.correlation_id,
        )


def read_correlation_id(headers: Mapping[str, str]) -> str:
    """Return the caller's X-Correlation-ID where it is safe to log and to send on, else a new one."""
    given = headers.get(CORRELATION_ID.lower()) or ""
    return given if SAFE_CORRELATION_ID.fullmatch(given) else new_id()


def check_role(principal: Principal, method: str, path: str) -> None:
    """Raise ForbiddenError unless the caller's role allows the route."""
    wanted = required_role(method, path)
    if not principal.role.includes(wanted):
        raise ForbiddenError(f"This needs the role {wanted}; you are {principal.role}.")


def _serialize(value: object) -> str:
    return _ANYTHING.dump_json(value, by_alias=True).decode()


def _as_proxy_result(response: Response[str]) -> dict[str, Any]:
    multi = {name: [value] if isinstance(value, str) else value for name, value in response.headers.items()}
    return {
        "statusCode": int(response.status_code),
        "body": response.body,
        "isBase64Encoded": False,
        "multiValueHeaders": multi,
    }
