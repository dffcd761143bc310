"""benchmarks/serving/soak.py: what is flat, and what its clients do."""

import asyncio
import socket

import pytest


@pytest.fixture
def samples(serving):
    """Makes a sample a second, of 30 that grow by so much each."""

    def make(memory: float = 0.0, handles: float = 0.0):
        return [serving.flatness.Sample(float(i), 100 + i * memory, 50 + i * handles, 20) for i in range(30)]

    return make


@pytest.fixture
def answering():
    """Runs a client against a server that gives every request one answer; what the client returns."""

    def run(client, answer: bytes):
        async def serve(reader, writer):
            await reader.read(1)
            writer.write(answer)
            writer.close()

        async def ask():
            async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
                return await client(server.sockets[0].getsockname()[1])

        return asyncio.run(ask())

    return run


def test_a_slope_is_not_moved_by_a_peak(serving):
    assert serving.flatness.slope([0, 1, 2, 3, 4], [5, 5, 500, 5, 5]) == 0


def test_growth_is_of_a_minute(serving, samples):
    assert serving.flatness.growths(samples(memory=0.5))["memory"] == pytest.approx(30)


def test_what_grows_in_the_warm_up_is_flat(serving, samples):
    grown = [sample._replace(memory=min(sample.seconds, 10.0)) for sample in samples()]
    assert serving.flatness.missed_flatness(grown) == []


def test_memory_that_grows_is_a_sentence(serving, samples):
    assert serving.flatness.missed_flatness(samples(memory=1)) == [
        "memory: expected to grow by at most 16 in 0.3 minutes, got 19.0"
    ]


def test_handles_that_grow_are_a_sentence(serving, samples):
    assert serving.flatness.missed_flatness(samples(handles=1)) == [
        "handles: expected to grow by at most 8 in 0.3 minutes, got 19.0"
    ]


def test_arrays_can_be_too_long(serving):
    bodies = {bad.name: bad.body for bad in serving.mischief.bad_inputs("pixels", [1.0])}
    assert bodies["a value too many"] == b'{"pixels": [1.0, 1.0]}'


def test_texts_have_no_length_to_be_wrong(serving):
    assert "a value too many" not in {bad.name for bad in serving.mischief.bad_inputs("text", "a")}


def test_an_answer_has_its_status_and_body(serving, answering):
    request = serving.load.Request("/predict", {})
    client = lambda port: serving.mischief.post(port, request, b"{}")  # noqa: E731
    assert answering(client, b'HTTP/1.1 400 Bad Request\r\n\r\n{"a": 1}') == (400, b'{"a": 1}')


@pytest.mark.parametrize(("status", "surprises"), [(400, 0), (500, 1)])
def test_a_bad_input_must_be_refused(serving, answering, monkeypatch, status, surprises):
    monkeypatch.setattr(serving.mischief, "PAUSE", 0)
    outcome = serving.mischief.Outcome()
    bad = [serving.mischief.BadInput("no object", b"[]", 400)]
    request = serving.load.Request("/predict", {})

    async def client(port):
        sending = serving.mischief.send_bad_inputs(port, request, bad, outcome)
        await serving.mischief.run_for(0.05, sending)

    answering(client, f"HTTP/1.1 {status} X\r\n\r\n".encode())
    assert (outcome.counts["bad input: no object"] > 0, len(outcome.surprises[:1])) == (True, surprises)


def test_a_lost_connection_ends_the_soak(serving):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    request = serving.load.Request("/predict", {})
    with pytest.raises(OSError, match="Connect"):
        asyncio.run(serving.mischief.run_for(5, serving.mischief.hang_up(port, request, serving.mischief.Outcome())))


def test_a_failure_in_the_log_has_the_line_that_says_what_it_was(serving):
    log = "warn: A[1]\n      late\nfail: Kestrel[67]\n      not drained\n"
    assert serving.soak.find_failures(log) == ["fail: Kestrel[67] not drained"]
