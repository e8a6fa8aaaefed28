"""The disk under the local Kafka broker: as much of S3's API as Tansu speaks, kept in one SQLite file.

Tansu's published binary stores topics in memory or in S3; this small server gives it an S3 that survives a restart,
on 127.0.0.1 only. It checks no credentials and knows one bucket, whatever its name.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import signal
import sqlite3
import time
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_LAST_KEY = "\U0010ffff"
# A folder that only ever grows at its end: the log of a partition.
_LOG = "/records/"


@dataclass(frozen=True)
class Request:
    method: str
    key: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    status: HTTPStatus
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Log:
    """The listing of one log as it was asked for last, with what came since."""

    last: str
    lines: bytearray


class ObjectStore:
    """Objects by key, with the conditional writes (If-Match, If-None-Match) that a broker's log needs."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        # A killed process loses nothing; only a power cut could, and a laptop's queue accepts that for the speed.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS objects"
            " (key TEXT PRIMARY KEY, body BLOB NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL);"
            # Apart from the bodies, which a listing must not have to pass over.
            "CREATE TABLE IF NOT EXISTS listing (key TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID;"
        )
        # Tansu lists a partition's whole log at every fetch: those lines are kept ready.
        self._logs: dict[str, Log] = {}

    def close(self) -> None:
        self._database.close()

    def answer(self, request: Request) -> Response:
        """Answer one request; an operation that Tansu does not use is refused with 501."""
        match request.method:
            case "GET" if not request.key:
                response = self._list(request.query)
            case "GET" | "HEAD":
                response = self._get(request)
            case "PUT" if request.key:
                response = self._put(request)
            case "DELETE":
                self._delete(request.key)
                response = Response(HTTPStatus.NO_CONTENT, {})
            case "POST" if "delete" in request.query:
                response = self._delete_many(request.body)
            case _:
                response = _error(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented")
        return response

    def _get(self, request: Request) -> Response:
        row = self._database.execute(
            "SELECT body, etag, modified FROM objects WHERE key = ?", (request.key,)
        ).fetchone()
        if row is None:
            return _error(HTTPStatus.NOT_FOUND, "NoSuchKey")
        body, etag, modified = row
        headers = {"ETag": f'"{etag}"', "Last-Modified": formatdate(modified, usegmt=True)}
        unless = request.headers.get("if-none-match", "").strip('"')
        if unless and unless == etag:
            return Response(HTTPStatus.NOT_MODIFIED, headers)
        span = request.headers.get("range", "")
        if not span.startswith("bytes="):
            return Response(HTTPStatus.OK, headers, body)
        first, _, last = span.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(len(body) - int(last), 0)
        end = min(int(last), len(body) - 1) if first and last else len(body) - 1
        headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
        return Response(HTTPStatus.PARTIAL_CONTENT, headers, body[start : end + 1])

    def _put(self, request: Request) -> Response:
        row = self._database.execute("SELECT etag FROM objects WHERE key = ?", (request.key,)).fetchone()
        expected = request.headers.get("if-match")
        if request.headers.get("if-none-match") == "*" and row is not None:
            return _error(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        if expected is not None and (row is None or row[0] != expected.strip('"')):
            return _error(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        now = time.time()
        # The moment belongs to the tag: two writes of the same bytes are two versions to a waiting writer.
        etag = hashlib.blake2b(request.body + repr(now).encode(), digest_size=8).hexdigest()
        self._database.execute(
            "INSERT INTO objects VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET body = excluded.body, etag = excluded.etag, modified = excluded.modified",
            (request.key, request.body, etag, now),
        )
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        # Without the tag, which nobody takes from here: Tansu reads every line of a log at every fetch.
        entry = (
            f"<Contents><Key>{escape(request.key)}</Key><LastModified>{moment}</LastModified>"
            f"<Size>{len(request.body)}</Size></Contents>"
        )
        self._database.execute("INSERT OR REPLACE INTO listing VALUES (?, ?)", (request.key, entry))
        self._append_to_log(request.key, entry)
        return Response(HTTPStatus.OK, {"ETag": f'"{etag}"'})

    def _append_to_log(self, key: str, entry: str) -> None:
        folder = _log_of(key)
        log = self._logs.get(folder)
        if log is None:
            return
        if key > log.last:
            log.last = key
            log.lines += entry.encode()
        else:
            del self._logs[folder]

    def _delete(self, key: str) -> None:
        self._logs.pop(_log_of(key), None)
        self._database.execute("DELETE FROM objects WHERE key = ?", (key,))
        self._database.execute("DELETE FROM listing WHERE key = ?", (key,))

    def _delete_many(self, body: bytes) -> Response:
        for part in body.decode().split("<Key>")[1:]:
            self._delete(part.partition("</Key>")[0])
        return Response(HTTPStatus.OK, {}, b"<DeleteResult/>")

    def _list(self, query: dict[str, list[str]]) -> Response:
        prefix = query.get("prefix", [""])[0]
        delimiter = query.get("delimiter", [""])[0]
        after = query.get("start-after", [""])[0]
        if prefix.endswith(_LOG) and not delimiter and not after:
            return _listing(self._list_log(prefix))
        rows = self._select_lines(prefix, after)
        entries: list[str] = []
        folders: dict[str, None] = {}
        for key, entry in rows:
            folder, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if found:
                folders[prefix + folder + delimiter] = None
            else:
                entries.append(entry)
        entries += [f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in folders]
        return _listing("".join(entries).encode())

    def _list_log(self, folder: str) -> bytes | bytearray:
        if folder not in self._logs:
            rows = self._select_lines(folder, "")
            lines = bytearray("".join(entry for _, entry in rows).encode())
            self._logs[folder] = Log(last=rows[-1][0] if rows else "", lines=lines)
        return self._logs[folder].lines

    def _select_lines(self, prefix: str, after: str) -> list[tuple[str, str]]:
        return self._database.execute(
            "SELECT key, entry FROM listing WHERE key >= ? AND key < ? AND key > ? ORDER BY key",
            (prefix, prefix + _LAST_KEY, after),
        ).fetchall()


def _log_of(key: str) -> str:
    return key.rpartition(_LOG)[0] + _LOG


def _listing(lines: bytes | bytearray) -> Response:
    body = b"".join((b"<ListBucketResult><IsTruncated>false</IsTruncated>", lines, b"</ListBucketResult>"))
    return Response(HTTPStatus.OK, {"Content-Type": "application/xml"}, body)


def _error(status: HTTPStatus, code: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    return Response(status, {"Content-Type": "application/xml"}, body)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    key = unquote(url.path).lstrip("/").partition("/")[2]
    return Request(method, key, parse_qs(url.query, keep_blank_values=True), headers, body)


def _encode(response: Response, *, with_body: bool) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    line = f"HTTP/1.1 {response.status.value} {response.status.phrase}\r\n"
    data = f"{line}{head}Content-Length: {len(response.body)}\r\n\r\n".encode("latin-1")
    return data + response.body if with_body else data


async def serve(file: Path, port: int) -> None:
    """Serve the store in `file` on 127.0.0.1:`port` until SIGTERM or SIGINT."""
    store = ObjectStore(file)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await _read(reader)) is not None:
            writer.write(_encode(store.answer(request), with_body=request.method != "HEAD"))
            await writer.drain()
        writer.close()

    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await asyncio.start_server(connection, "127.0.0.1", port, limit=2**20)
    await stopped.wait()
    server.close()
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.file, arguments.port))


if __name__ == "__main__":
    main()
