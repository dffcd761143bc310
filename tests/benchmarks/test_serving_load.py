"""benchmarks/serving: what is asked of wrk, and what is read from what it prints."""

import json

import pytest

from pipeline.core.errors import PipelineError

SUMMARY = {"seconds": 2.0, "requests": 100, "errors": 1, "refused": 2, "p50": 0.5, "p99": 4.0}


@pytest.fixture
def wrk(tmp_path, monkeypatch):
    """Puts a program `wrk` of these lines on PATH, which leaves its arguments and its script behind."""

    def put(*lines: str):
        program = tmp_path / "wrk"
        kept = f'echo "$@" > {tmp_path}/arguments; for last; do [ -f "$last" ] && cat "$last" > {tmp_path}/script; done'
        program.write_text("\n".join(["#!/bin/sh", kept, *lines]))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    return put


def test_the_last_line_of_wrk_is_read(serving, wrk):
    wrk("echo Running", f"echo '{json.dumps(SUMMARY)}'")
    loaded = serving.load.run(80, serving.load.Request("/predict", {"a": 1}), 4, 2)
    assert loaded == serving.load.Load(50.0, 0.5, 4.0, 1, 2, 100)


def test_the_request_is_in_the_script(serving, wrk):
    folder = wrk(f"echo '{json.dumps(SUMMARY)}'")
    serving.load.run(80, serving.load.Request("/predict", {"a": 1}), 4, 2)
    assert 'wrk.body = [[{"a": 1}]]' in (folder / "script").read_text()


def test_full_load_rests_nowhere(serving, wrk):
    folder = wrk(f"echo '{json.dumps(SUMMARY)}'")
    serving.load.run(80, serving.load.Request("/predict", {"a": 1}), 4, 2)
    assert "delay" not in (folder / "script").read_text()


def test_a_paced_load_rests(serving, wrk):
    folder = wrk(f"echo '{json.dumps(SUMMARY)}'")
    serving.load.run(80, serving.load.Request("/predict", {"a": 1}), 4, 2, think=12.5)
    assert "local mean = 12.5" in (folder / "script").read_text()


def test_a_failure_of_wrk_is_a_sentence(serving, wrk):
    wrk("echo no such host >&2; exit 1")
    with pytest.raises(PipelineError, match="wrk ended with 1: no such host"):
        serving.load.run(80, serving.load.Request("/predict", {}), 1, 1)


def test_medians_add_what_was_not_answered(serving):
    loads = [serving.load.Load(rate, rate, rate, 1, 2) for rate in (1.0, 9.0, 3.0)]
    assert serving.load.medians(loads) == serving.load.Load(3.0, 3.0, 3.0, 3, 6)


def test_resting_connections_send_half_of_the_rate_together(serving):
    assert serving.load.think_time(1000, 64) == 128


def test_too_many_connections_send_three_times_the_rate(serving):
    assert serving.load.think_time(1000, 600, 3) == 200


def test_an_inference_request_has_the_shape_of_a_row(serving, monkeypatch):
    monkeypatch.setattr(serving.services, "row", lambda _: [0.0] * 64)
    request = serving.services.inference_request("digits")
    assert request.path == "/v2/models/digits/infer"
    assert request.body["inputs"][0]["shape"] == [1, 8, 8]


def test_an_inference_request_has_texts_as_bytes(serving):
    tensor = serving.services.inference_request("minilm").body["inputs"][0]
    assert (tensor["datatype"], tensor["shape"], len(tensor["data"])) == ("BYTES", [1], 1)


def test_open_connections_leave_room_for_other_files(serving):
    assert serving.overload.open_connections(1024) == 524
    assert serving.overload.open_connections(1 << 20) == 10_000


def test_refusals_are_not_answers(serving):
    loaded = serving.load.Load(rate=100, p50=1, p99=2, errors=3, refused=50, requests=200)
    assert serving.overload.summarise(loaded, 0.1) == serving.overload.Overload(75, 25, 3, 2, 0.1)


def test_each_harm_of_overload_is_a_sentence(serving):
    assert serving.overload.missed_overload("x", serving.overload.Overload(40, 9, 7, 1, 1.5), 100) == [
        "x: expected an answer within 1 s after the load, got one after 1.50 s",
        "x: expected an answer or 503 to every request, got 7 without one",
        "x: expected at least half of 100 answers/s, got 40",
    ]


def test_overload_that_is_shed_is_no_sentence(serving):
    assert serving.overload.missed_overload("x", serving.overload.Overload(90, 300, 0, 1, 0.1), 100) == []
