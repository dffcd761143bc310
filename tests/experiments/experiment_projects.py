"""Small projects of git and DVC, in which experiments have run without running them."""

import json
import subprocess
from pathlib import Path

SETTINGS = {"train": {"lr": 0.1}, "model": {"dynamic_axes": {0: "batch"}}}
METRICS = {
    "accuracy": 0.9,
    "parity_used": 0.02,
    "power": 0.973,
    "nodes": 11,
    "bytes": 1234,
}


class Project:
    """A project of git and DVC with one stage, in which things have run without running them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")
        (folder / ".dvc").mkdir()
        (folder / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
        (folder / ".gitignore").write_text("/.dvc/tmp\n/.dvc/plots.html\n/dvc_plots\n")
        (folder / "dvc.yaml").write_text(
            "stages: {validate: {cmd: run, params: [train, model], metrics: [reports/metrics.json: {cache: false}]}}\n"
        )

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, settings: dict, **reports: dict) -> None:
        """Put settings there as `dvc repro` would leave them; reports by their name."""
        (self.folder / "params.yaml").write_text(json.dumps(settings))
        stage = {"cmd": "run", "params": {"params.yaml": settings}}
        (self.folder / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": {"validate": stage}}))
        (self.folder / "reports").mkdir(exist_ok=True)
        for name, report in reports.items():
            (self.folder / "reports" / f"{name}.json").write_text(json.dumps(report))

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "commit")
        return self.git("rev-parse", "HEAD")

    def experiment(self, name: str, settings: dict, **reports: dict) -> None:
        """An experiment that started from HEAD and ended well, where `dvc exp run` would put it."""
        baseline = self.git("rev-parse", "HEAD")
        self.write(settings, **reports)
        revision = self.commit()
        self.git("update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}", revision)
        self.git("reset", "-q", "--hard", baseline)
