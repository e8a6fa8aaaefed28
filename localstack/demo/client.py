"""A client of the API, as small as a demonstration needs it: JSON in, JSON out, and problems as exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from localstack.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIMEOUT_SECONDS = 30.0


class DemoError(LocalCloudError):
    """The demonstration cannot go on."""


class ApiError(DemoError):
    """The API refused a request, or did not answer it (status 0); `detail` is the problem's own sentence."""

    def __init__(self, request: str, status: int, detail: str, correlation_id: str = "") -> None:
        self.status = status
        self.detail = detail
        hint = f" See `smartqueue-local logs {correlation_id}`." if correlation_id else ""
        super().__init__(f"{request} was answered with {status}: {detail}{hint}" if status else f"{request}: {detail}")


class Api:
    """Calls the API with one user's token, or with none. Every method raises ApiError."""

    def __init__(self, http: httpx2.Client, token: str = "") -> None:
        self._http = http
        self.token = token

    def with_token(self, token: str) -> Api:
        """The same API for somebody else, over the same connections."""
        return Api(self._http, token)

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """GET a JSON object."""
        return _object(self._send("GET", path, query=query))

    def post(self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """POST a JSON object (or nothing) for another one."""
        return _object(self._send("POST", path, body=body, headers=headers))

    def put(self, path: str, body: object) -> dict[str, Any]:
        """PUT a JSON object for another one."""
        return _object(self._send("PUT", path, body=body))

    def delete(self, path: str) -> dict[str, Any]:
        """DELETE, for a JSON object."""
        return _object(self._send("DELETE", path))

    def text(self, path: str) -> str:
        """GET plain text."""
        return self._send("GET", path).text

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        sent = {**(headers or {}), **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        try:
            response = self._http.request(method, path, params=query or None, json=body, headers=sent)
        except httpx2.TransportError as error:
            raise ApiError(f"{method} {path}", 0, f"no answer ({type(error).__name__}: {error})") from error
        if response.is_success:
            return response
        raise _problem(f"{method} {path}", response)


def connect(base_url: str, *, transport: httpx2.BaseTransport | None = None) -> httpx2.Client:
    """Connections to the API; close them. A proxy in the environment is not for loopback addresses."""
    return httpx2.Client(
        base_url=base_url,
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
        transport=transport,
        headers={"User-Agent": "smartqueue-demo"},
    )


def refusal(call: Callable[[], object], *, status: int) -> tuple[str, str | None]:
    """Make a call that must be refused with `status`.

    Returns what the API said, and a sentence when that was not the announced refusal.
    """
    try:
        call()
    except ApiError as error:
        said = f"{error.status} {error.detail}"
        return said, None if error.status == status else f"announced a refusal with {status}, but: {error}"
    return "accepted", f"announced a refusal with {status}, but the request was accepted"


def _object(response: httpx2.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        request = f"{response.request.method} {response.request.url.path}"
        raise ApiError(request, response.status_code, f"not a JSON object: {response.text[:200]!r}")
    return value


def _problem(request: str, response: httpx2.Response) -> ApiError:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"detail": response.text[:200] or response.reason_phrase}
    detail = str(problem.get("detail") or problem.get("title") or problem)
    return ApiError(request, response.status_code, detail, str(problem.get("correlationId", "")))
