"""Where everything lies, relative to the project's folder. Other tools read these names."""

from pathlib import Path

BUILD = Path("build")
REPORTS = Path("reports")

# fingerprint: what lies outside of the repository, by what depends on it.
FINGERPRINT = BUILD / "fingerprint"
DATA_FINGERPRINT = FINGERPRINT / "data.json"
NETWORK_FINGERPRINT = FINGERPRINT / "network.json"
TASK_FINGERPRINT = FINGERPRINT / "task.json"
LIBRARIES_FINGERPRINT = FINGERPRINT / "libraries.json"
DOTNET_FINGERPRINT = FINGERPRINT / "dotnet.json"
# The onnxruntime that the setting `target` names, and the wheel of it.
TARGET_FINGERPRINT = FINGERPRINT / "target.json"
# The last release of the package, or none.
RELEASE_FINGERPRINT = FINGERPRINT / "release.json"
# released/<Id>.json, which `release` writes and people commit.
RELEASED = Path("released")
# What fingerprint remembers of large files between its runs; an output of no stage.
KNOWN_FILES = BUILD / ".known-files.json"

# prepare
DATA = BUILD / "data"
SPLITS = ("train", "validation", "test")
TRAIN_SPLIT, VALIDATION_SPLIT, TEST_SPLIT = (DATA / f"{split}.npz" for split in SPLITS)
ENCODERS = DATA / "encoders.json"
TOKENIZER = DATA / "tokenizer"
TOKENIZER_SPEC, TOKENIZER_VOCABULARY, TOKENIZER_CHARACTERS, TOKENIZER_TEXTS = (
    TOKENIZER / name for name in ("tokenizer.json", "vocab.txt", "characters.txt", "texts.npz")
)

# The run in MLflow that train opened, or export where nothing trains; an output of no stage.
RUN_RECORD = BUILD / "run.json"
# Held by the stage that works in this folder.
WORKSPACE_LOCK = BUILD / ".stage.lock"

# train
WEIGHTS = BUILD / "weights"
CHECKPOINT = WEIGHTS / "checkpoint.safetensors"
TRAIN_REPORT = REPORTS / "train.json"
TRAINING_CURVES = REPORTS / "plots" / "train.csv"

# export
EXPORTED = BUILD / "exported" / "model.onnx"
# Where each value of the graph comes from in the network; beside the graph, and never packed.
NODE_SOURCES = BUILD / "exported" / "sources.json"
GOLDEN = BUILD / "golden"
CONTRACT = GOLDEN / "contract.json"
GOLDEN_INDEX = GOLDEN / "calls.json"
GOLDEN_ARRAYS = GOLDEN / "calls.npz"
# The eager network's answers to the whole test split, row for row.
GOLDEN_TEST_SPLIT = GOLDEN / "test.npz"
EXPORT_REPORT = REPORTS / "export.json"

# simplify
SIMPLIFIED = BUILD / "simplified" / "model.onnx"
SIMPLIFY_REPORT = REPORTS / "simplify.json"

# validate
PARITY_REPORT = REPORTS / "parity.json"
METRICS_REPORT = REPORTS / "metrics.json"
PARITY_TABLE = REPORTS / "plots" / "parity.csv"
PARITY_PAGE = REPORTS / "parity.html"
# What `locate` writes: the smallest graph that departs, ready for a bug report. An output of no stage; fingerprint clears it.
DEPARTURE = REPORTS / "departure"

# package
PACKAGE = BUILD / "package"
MANIFEST = PACKAGE / "manifest.json"
# Packages that verify's consumers restored, kept between runs; an output of no stage.
RESTORED_PACKAGES = BUILD / "nuget"

# verify
DOTNET_REPORT = REPORTS / "dotnet.json"
PROOF_PAGE = REPORTS / "proof.html"

# publish
PUBLISH_REPORT = REPORTS / "publish.json"
