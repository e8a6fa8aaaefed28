"""Webhooks into the inside, through the real processor: a listener that takes every connection must hear none.

The URLs are written into the database, past everything that refuses them earlier.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import httpcore2
import pytest

from tests.fakes.webhook_receiver import Answer, WebhookReceiver
from tests.security.fuzzing import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.integration.harness import Plane

# Where names lead, one answer after the other; the last one stays.
NAMES: dict[str, list[list[str]]] = {
    "inside.example": [["127.0.0.1"]],
    "any.example": [["0.0.0.0"]],
    "six.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "compatible.example": [["::127.0.0.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "sixtofour.example": [["2002:7f00:1::"]],
    "metadata.example": [["169.254.169.254"]],
    "metadata-six.example": [["fd00:ec2::254"]],
    "link-local.example": [["fe80::1%1"]],
    "private.example": [["10.0.0.1"], ["192.168.0.1"]],
    "mixed.example": [["1.1.1.1", "127.0.0.1"]],
    "mixed-last.example": [["2606:4700::1", "1.1.1.1", "::ffff:10.0.0.1"]],
}
HOSTS = (
    # Literal addresses, and what some parser or resolver reads as one.
    *("127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "0", "0.0.0.0", "127.0.0.1.", "127.0.0.1.."),
    *(
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.0.0.0x1",
        "0x7F.1",
        "127.000.000.001",
    ),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%25lo]"),
    *("169.254.169.254", "[fd00:ec2::254]", "169.254.170.2", "2852039166", "0xa9fea9fe", "[::ffff:169.254.169.254]"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255"),
    # Digits and dots of other scripts.
    *(
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
        "127\u30020\u30020\u30021",
        "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
        "\U0001d7cf\U0001d7d0\U0001d7d5.\U0001d7ce.\U0001d7ce.\U0001d7cf",
        "127\uff0e0\uff0e0\uff0e1",
        "\u217cocalhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
    ),
    # Names that lead inside.
    *NAMES,
    *(
        "INSIDE.example",
        "inside.example.",
        "\u0131nside.example",
        "inside.example%00.example.com",
        "inside.example%2f@example.com",
    ),
    # Users that look like hosts, and hosts that look like users.
    *("example.com@127.0.0.1", "127.0.0.1@inside.example", "example.com:443@127.0.0.1", "user:password@[::1]"),
    *(
        "example.com%40127.0.0.1",
        "example.com\\@127.0.0.1",
        "127.0.0.1#@example.com",
        "127.0.0.1\t",
        "127.0.0.1\r\nHost: x",
    ),
)
URLS = (
    *(f"{scheme}://{host}:PORT/" for scheme in ("http", "https") for host in HOSTS),
    *("http://127.0.0.1:22/", "https://127.0.0.1:6379/", "https://inside.example:25/", "https://inside.example:0/"),
    *(
        "file:///etc/passwd",
        "gopher://127.0.0.1:PORT/",
        "ftp://127.0.0.1:PORT/",
        "unix:///run/docker.sock",
        "//127.0.0.1:PORT/",
    ),
    *("https:127.0.0.1:PORT", "https:///127.0.0.1:PORT/", "https:/\\127.0.0.1:PORT/", "HTTP://127.0.0.1:PORT/", ""),
)


class Ear:
    """A port that takes every connection, on every address of this machine."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self.port: int = server.getsockname()[1]

    def heard(self) -> bool:
        """Tell whether anybody has connected since the last time."""
        try:
            connection, _ = self._server.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True


@pytest.fixture
def ear() -> Iterator[Ear]:
    """A listener."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        server.setblocking(False)
        yield Ear(server)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that knows no name but ours; numbers are read as the system reads them."""
    real = socket.getaddrinfo
    left = {name: list(answers) for name, answers in NAMES.items()}

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        answers = left.get(name.lower().removesuffix("."))
        if answers is None:
            return real(host, port, *args, **{**kwargs, "flags": socket.AI_NUMERICHOST})
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for text in answer for entry in real(text, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def send(plane: Plane, urls: Sequence[str]) -> list[Mapping[str, Any]]:
    """Let the processor run one webhook job per URL, and return the jobs."""
    ids = plane.submit_many(
        plane.admin_token, len(urls), type="webhook", payload={"url": "https://example.com/"}, retry={"count": 0}
    )
    for job_id, url in zip(ids, urls, strict=True):
        plane.rows("UPDATE jobs SET payload = jsonb_build_object('url', %s::text) WHERE job_id = %s", url, job_id)
    plane.deliver("process", plane.records())
    REQUESTS["webhooks to the inside"] += len(urls)
    return [plane.job(job_id) for job_id in ids]


def test_the_listener_hears_what_is_let_through(plane: Plane, ear: Ear) -> None:
    plane.configure(WEBHOOK_ALLOWED_NETWORKS="127.0.0.1/32")
    assert not ear.heard()
    send(plane, [f"http://127.0.0.1:{ear.port}/"])
    assert ear.heard()


def test_nothing_of_the_inside_is_connected_to(plane: Plane, ear: Ear) -> None:
    plane.configure(WEBHOOK_ALLOWED_NETWORKS="")
    urls = [url.replace("PORT", str(ear.port)) for url in URLS]

    jobs = send(plane, urls)

    assert not ear.heard()
    assert {job["status"] for job in jobs} == {"FAILED"}
    for job, url in zip(jobs, urls, strict=True):
        # Why, but not where to: what a name leads to inside is not for tenants.
        assert "127.0.0.1" not in job["last_error"], url
        assert "169.254" not in job["last_error"], url


def test_the_tenants_own_webhook_goes_no_further(plane: Plane, ear: Ear) -> None:
    plane.configure(WEBHOOK_ALLOWED_NETWORKS="")
    ids = []
    for number, host in enumerate(("127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "inside.example", "mixed.example")):
        token = plane.admin(f"tenant-{number}", f"admin-{number}")
        ids.append(plane.submit(token, title="x", retry={"count": 0})["jobId"])
        url = f"https://{host}:{ear.port}/"
        plane.rows("UPDATE tenants SET webhook_url = %s WHERE tenant_id = %s", url, f"tenant-{number}")
    plane.drive()

    assert {plane.job(job_id)["status"] for job_id in ids} == {"FAILED"}
    assert not ear.heard()


def test_a_redirect_leads_nowhere(plane: Plane, ear: Ear) -> None:
    plane.configure(WEBHOOK_ALLOWED_NETWORKS="127.0.0.1/32")
    with WebhookReceiver() as receiver:
        targets = [f"http://{host}:{ear.port}/" for host in ("127.0.0.1", "127.0.0.2", "localhost", "[::1]")]
        statuses = (301, 302, 303, 307, 308)
        receiver.script(*(Answer(status=s, headers={"Location": t}) for s in statuses for t in targets))
        jobs = send(plane, [receiver.url] * len(targets) * len(statuses))

    assert {job["status"] for job in jobs} == {"FAILED"}
    assert all("Redirects are not followed" in job["last_error"] for job in jobs)
    assert not ear.heard()


def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_checked(
    plane: Plane, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.configure(WEBHOOK_ALLOWED_NETWORKS="")
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host in {"rebinding.example", b"rebinding.example"}:
            asked.append("rebinding.example")
            return real("1.1.1.1" if len(asked) == 1 else "127.0.0.1", port, type=socket.SOCK_STREAM)
        return real(host, port, *args, **kwargs)

    connected: list[str] = []

    async def connect(_: object, host: str, *__: object, **___: object) -> None:
        connected.append(host)
        raise httpcore2.ConnectError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
    first = send(plane, [f"https://rebinding.example:{ear.port}/"])
    assert (len(asked), connected) == (1, ["1.1.1.1"])
    second = send(plane, [f"https://rebinding.example:{ear.port}/"])
    assert (len(asked), connected) == (2, ["1.1.1.1"])

    assert first[0]["last_error"] == "The receiver could not be reached."
    assert second[0]["last_error"] == "The URL's host is not a public address."
    assert not ear.heard()
