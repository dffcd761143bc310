from pathlib import Path

STAMP = Path("build/config.txt")
CONF = Path("conf/train/default.yaml")


def test_fresh_params_are_taken(linear, passes):
    STAMP.unlink()
    passes("config")
    assert STAMP.read_text() == "params.yaml was composed from conf/\n"


def test_stale_params_stop_the_road(linear, fails):
    CONF.write_text(CONF.read_text().replace("epochs: 40", "epochs: 41"))
    said = fails("config")
    assert "params.yaml was composed from another conf/ (fingerprint " in said
    assert "compose it again with `python -m pipeline params [your overrides]`" in said


def test_the_stamp_does_not_change_with_conf(linear, passes):
    before = STAMP.read_bytes()
    passes("params", "model=linear", "seed=9")
    passes("config")
    assert STAMP.read_bytes() == before
