import shutil

import pytest
from registry_doubles import NAME, MemoryClient, make_run, write_dotnet_report, write_package

from pipeline.core.errors import PipelineError
from pipeline.registry.champion_alias import ChampionAlias
from pipeline.registry.hand_promotion import check_promotable, move_by_hand


@pytest.fixture
def client(tmp_path) -> MemoryClient:
    """Two versions that have passed; the first is champion."""
    registry = MemoryClient(tmp_path)
    registry.add("1", "2")
    for number in ("1", "2"):
        write_package(registry, number)
        registry.versions[number].tags |= {"dotnet.verified": "true"}
    registry.aliases["champion"] = "1"
    return registry


@pytest.fixture
def alias(client) -> ChampionAlias:
    return ChampionAlias(client, NAME, "champion")


def test_a_version_is_promoted_on_record(client, alias, capsys):
    sentence = move_by_hand(alias, client.versions["2"], "by hand", "the old one is slow")
    assert sentence == "version 2 of digits is champion now, in the place of version 1"
    assert client.aliases == {"champion": "2"}
    tags = client.versions["2"].tags
    assert [tags[f"champion.{key}"] for key in ("rule", "before", "why")] == ["by hand", "1", "the old one is slow"]
    assert capsys.readouterr().err == ""


def test_without_a_champion_it_takes_nobody_s_place(client, alias):
    client.aliases.clear()
    assert move_by_hand(alias, client.versions["2"], "by hand", None) == "version 2 of digits is champion now"
    assert client.versions["2"].tags["champion.why"] == "no reason was given"


def test_the_champion_itself_is_not_moved(client, alias):
    sentence = move_by_hand(alias, client.versions["1"], "by hand", None)
    assert sentence == "version 1 of digits is champion already: nothing was moved"
    assert "champion.move" not in client.versions["1"].tags


def test_a_version_that_is_not_verified_in_dotnet_is_promoted_with_a_warning(client, alias, capsys):
    client.versions["2"].tags |= {"dotnet.verified": "false", "dotnet.reason": "no SDK"}
    move_by_hand(alias, client.versions["2"], "by hand", None)
    assert capsys.readouterr().err == (
        "warning: promote: version 2 of digits is not verified in .NET: its model card says why\n"
    )
    assert client.aliases == {"champion": "2"}


@pytest.mark.parametrize(
    ("status", "tags", "is_what"),
    [
        ("FAILED", {"gate": "passed"}, "its run run2 is FAILED (gate: passed)"),
        ("KILLED", {"gate": "passed"}, "its run run2 is KILLED (gate: passed)"),
        ("RUNNING", {"gate": "passed"}, "its run run2 is RUNNING (gate: passed)"),
        ("FINISHED", {"gate": "20 of 40 failed"}, "its run run2 is FINISHED (gate: 20 of 40 failed)"),
        ("FINISHED", {}, "its run run2 is FINISHED (gate: no gate)"),
    ],
)
def test_a_version_that_has_not_passed_is_refused(status, tags, is_what, client, alias):
    client.runs["run2"] = make_run("run2", status, **tags)
    with pytest.raises(PipelineError) as error:
        move_by_hand(alias, client.versions["2"], "by hand", None)
    assert str(error.value).startswith(f"version 2 of digits has not passed: {is_what}, and only what passed")
    assert client.aliases == {"champion": "1"}


def test_a_version_whose_publication_was_taken_up_again_has_passed(client):
    client.runs["run2"] = make_run("run2", "FAILED", gate="passed")
    (client.artifacts / "run2").rename(client.artifacts / "run9")
    client.runs["run9"] = make_run("run9", "FINISHED", gate="passed")
    client.versions["2"].tags["run_id"] = "run9"
    check_promotable(client, client.versions["2"])


def test_a_version_whose_run_is_gone_is_refused(client):
    del client.runs["run2"]
    with pytest.raises(
        PipelineError, match=r"^version 2 of digits: its run run2 is not in the store, so nothing says that"
    ):
        check_promotable(client, client.versions["2"])


def test_a_version_that_is_not_ready_is_refused(client):
    client.versions["2"].status = "PENDING_REGISTRATION"
    with pytest.raises(
        PipelineError, match=r"^version 2 of digits is PENDING_REGISTRATION in the registry: expected READY"
    ):
        check_promotable(client, client.versions["2"])


def test_a_version_that_departs_in_dotnet_is_refused(client):
    ran = {"asked": "bound", "onnxruntime": "1.31.1", "verified": False, "reason": "row 3"}
    write_dotnet_report(client, "2", verified=False, reason="row 3 departs", runtimes=[ran])
    with pytest.raises(
        PipelineError, match=r"^version 2 of digits does not answer like PyTorch in .NET \(row 3 departs\)"
    ):
        check_promotable(client, client.versions["2"])


def test_a_report_of_another_form_hinders_nobody(client):
    (client.artifacts / "run2/reports/dotnet.json").write_text('{"form": "of long ago"}')
    check_promotable(client, client.versions["2"])


def test_a_version_whose_package_is_gone_is_refused(client):
    shutil.rmtree(client.artifacts / "run2")
    with pytest.raises(PipelineError, match="cannot be had from run run2: its files were deleted"):
        check_promotable(client, client.versions["2"])
