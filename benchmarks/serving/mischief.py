"""Clients that hang up, send what is no request, or read slowly; each says what came back that should not have."""

import asyncio
import json
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from load import Request

PAUSE = 0.02
SLOW_BYTES = 512
SLOW_ROWS = 200


class BadInput(NamedTuple):
    """A body that must be refused, and with which status."""

    name: str
    body: bytes
    status: int
    content_type: str = "application/json"


class Outcome:
    """What the clients have seen: how many of each kind, and the sentences for what should not have come."""

    def __init__(self) -> None:
        """Begin with none."""
        self.counts: Counter[str] = Counter()
        self.surprises: list[str] = []

    def expect(self, kind: str, expected: Any, got: Any) -> None:
        self.counts[kind] += 1
        if got != expected and len(self.surprises) < 20:
            self.surprises.append(f"{kind}: expected {expected}, got {got}")


def bad_inputs(name: str, value: Any) -> list[BadInput]:
    """Bodies that are no row of an input of this name."""
    bodies = {
        "not JSON": b'{"',
        "no object": b"[1, 2]",
        "another name": json.dumps({f"{name}s": value}).encode(),
        "a wrong type": json.dumps({name: {"a": 1}}).encode(),
        "the name twice": f'{{"{name}": {json.dumps(value)}, "{name}": {json.dumps(value)}}}'.encode(),
    }
    if isinstance(value, list):
        bodies["a value too many"] = json.dumps({name: [*value, 1.0]}).encode()
    refused = [BadInput(kind, body, 400) for kind, body in bodies.items()]
    return [*refused, BadInput("another type", b"a=1", 415, "application/x-www-form-urlencoded")]


def head(request: Request, length: int, content_type: str = "application/json") -> bytes:
    lines = (
        f"POST {request.path} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {content_type}",
        f"Content-Length: {length}",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


async def post(port: int, request: Request, body: bytes, content_type: str = "application/json") -> tuple[int, bytes]:
    """Status and body of an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head(request, len(body), content_type) + body)
        answer = await reader.read(-1)
    finally:
        writer.close()
    start, _, rest = answer.partition(b"\r\n\r\n")
    return int(start.split()[1]), rest


async def send_bad_inputs(port: int, request: Request, inputs: Sequence[BadInput], outcome: Outcome) -> None:
    while True:
        for bad in inputs:
            status, _ = await post(port, request, bad.body, bad.content_type)
            outcome.expect(f"bad input: {bad.name}", bad.status, status)
            await asyncio.sleep(PAUSE)


async def hang_up(port: int, request: Request, outcome: Outcome) -> None:
    """Cancel calls: in the middle of the body, and behind it, before the answer; the connection is reset."""
    body = json.dumps(request.body).encode()
    while True:
        for sent in (len(body) // 2, len(body)):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.write(head(request, len(body)) + body[:sent])
            await asyncio.sleep(0)
            writer.transport.abort()
            outcome.counts["cancelled"] += 1
            await asyncio.sleep(PAUSE)


async def read_slowly(port: int, request: Request, answer: Any, outcome: Outcome) -> None:
    """Ask for many rows, and read the answer a few bytes at a time."""
    body = json.dumps({"rows": [request.body] * SLOW_ROWS}).encode()
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=SLOW_BYTES)
        try:
            writer.write(head(request, len(body)) + body)
            received = b""
            while piece := await reader.read(SLOW_BYTES):
                received += piece
                await asyncio.sleep(PAUSE)
        finally:
            writer.close()
        start, _, rest = received.partition(b"\r\n\r\n")
        got = json.loads(rest)["rows"] == [answer] * SLOW_ROWS if start.startswith(b"HTTP/1.1 200") else start[:40]
        outcome.expect("slow reader", True, got)


async def ask_rightly(port: int, request: Request, answer: Any, outcome: Outcome) -> None:
    """Amid all that, one client whose every answer is compared."""
    body = json.dumps(request.body).encode()
    while True:
        status, got = await post(port, request, body)
        outcome.expect("right", (200, answer), (status, json.loads(got) if status == 200 else got))
        await asyncio.sleep(PAUSE)


async def run_for(seconds: float, *clients: Any) -> None:
    """Run clients that never end for some seconds.

    Raises:
        OSError: A connection failed.
    """
    tasks = [asyncio.ensure_future(client) for client in clients]
    done, pending = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for task in done:
        task.result()
