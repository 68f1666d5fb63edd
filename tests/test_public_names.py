"""The public surface is about a dozen names, imported when they are used, and importing does nothing."""

import json
import subprocess
import sys

import beatomizer

EXPECTED = {
    "BeatomizerError",
    "CueList",
    "SafeShow",
    "Show",
    "Style",
    "__version__",
    "check_file",
    "decide",
    "draw_show",
    "extract_features",
    "limit",
    "load_audio",
    "load_engine",
    "read_cues",
    "render",
}


def in_fresh_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_public_names_are_these() -> None:
    assert set(beatomizer.__all__) == EXPECTED
    assert set(dir(beatomizer)) == EXPECTED


def test_every_public_name_has_a_docstring() -> None:
    for name in EXPECTED - {"__version__"}:
        assert getattr(beatomizer, name).__doc__, name


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import json, sys, threading; before = set(sys.modules); import beatomizer;"
        "print(json.dumps([sorted(set(sys.modules) - before), threading.active_count()]))"
    )
    new, threads = json.loads(in_fresh_python(code))
    assert [name for name in new if name.startswith("beatomizer")] == ["beatomizer"]
    assert not [name for name in new if name.split(".")[0] in {"numpy", "av", "onnxruntime", "argparse"}]
    assert threads == 1


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(beatomizer, "utils")
