"""The line goes one way: every import is read, and one that points back fails."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "beatomizer"

GROUND = ("arrays", "timebase", "color", "errors", "registry", "progress", "atomic", "ceilings")
LINE = ("audio", "features", "inference", "cues", "show", "safety", "live", "rig", "outputs")
ALLOWED: dict[str, set[str]] = {room: {*GROUND, *LINE[: index + 1]} for index, room in enumerate(LINE)}
ALLOWED["composer"] = {*GROUND, "composer"}
ALLOWED["line"] = {*GROUND, *LINE, "line"}
LEARNING = ("composer", "line", "metrics", "dataset", "models", "training", "evaluation", "search")
ALLOWED["metrics"] = {*GROUND, "metrics"}
ALLOWED["models"] = {*GROUND, "inference", "models"}
"""What listeners say is declared in ``inference.engine``; nothing else of the line is theirs."""
ALLOWED["dataset"] = {*GROUND, *LINE, "composer", "line", "metrics", "dataset"}
for index, room in enumerate(LEARNING):
    ALLOWED.setdefault(room, {*GROUND, *LINE, *LEARNING[: index + 1]})
ALLOWED["player"] = {*GROUND, *LINE, "line", "player"}
ALLOWED["studio"] = {*GROUND, *LINE, "composer", "line", "dataset", "player", "studio", "__init__"}
ALLOWED["cli"] = {*GROUND, *LINE, *LEARNING, "player", "studio", "cli", "__init__"}
ALLOWED["__init__"] = {*GROUND, *LINE, "line"}
ALLOWED["__main__"] = {"cli"}
for room in set(ALLOWED) - {"live", "line", "player", "studio", "cli"}:
    ALLOWED[room] -= {"live"}
"""Outputs take a safe show, wherever it comes from, and learners learn from the line: only player, studio and doors go
live."""

HEAVY = {"torch", "scipy", "librosa", "matplotlib", "pandas"}
TORCH_ROOMS = {"models", "training", "evaluation", "search"}
"""The only rooms that know torch, scipy and matplotlib; ``dataset`` and ``metrics`` import matplotlib and mir_eval
inside functions."""

LAZY_ROOMS = {"av", "soxr", "onnxruntime", "PIL", "zstandard", "tqdm"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_names(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            if node.module == "beatomizer":
                names += [f"beatomizer.{alias.name}" for alias in node.names if alias.name != "__version__"]
            else:
                names.append(node.module or "")
    return names


def our_room(name: str) -> str:
    parts = name.split(".")
    is_module = (
        (PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").is_file() if len(parts) > 1 else False
    )
    return parts[1] if is_module else "__init__"


def wrong_rooms(path: Path, names: list[str]) -> list[str]:
    """Imports go to the ground floor or to the left."""
    room = room_of(path)
    ours = {our_room(name) for name in names if name.split(".")[0] == "beatomizer"}
    allowed = {*GROUND} if room in GROUND else ALLOWED[room]
    return [f"{room} must not import {other}" for other in sorted(ours - allowed)]


def heavy_imports(path: Path, names: list[str]) -> list[str]:
    """Only few rooms import something heavy; the ground floor nothing that has to be installed."""
    room, refused = room_of(path), set()
    if room not in TORCH_ROOMS:
        refused |= HEAVY - {"matplotlib"} if room == "dataset" else HEAVY
    if room in GROUND:
        refused |= LAZY_ROOMS
    return [f"{room} must not import {name}" for name in names if name.split(".")[0] in refused]


def many_ideas(path: Path) -> list[str]:
    """A module has one idea: not many lines, and a name that says something."""
    lines = path.read_text(encoding="utf-8").count("\n")
    long = [f"{lines} lines: split it"] if lines > 400 else []
    empty = path.stem in {"utils", "helpers", "manager", "handler", "common", "misc"}
    return [*long, f"'{path.stem}' says nothing"] if empty else long


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_keeps_the_rules_of_the_house(path: Path) -> None:
    """All of them in one test: there are hundreds of modules."""
    names = imported_names(path)
    assert [*wrong_rooms(path, names), *heavy_imports(path, names), *many_ideas(path)] == []


def test_the_rules_can_be_broken(tmp_path: Path) -> None:
    ground, line = PACKAGE / "timebase.py", PACKAGE / "audio" / "utils.py"
    assert wrong_rooms(ground, ["beatomizer.audio.load", "beatomizer.errors", "numpy"]) == [
        "timebase must not import audio"
    ]
    assert wrong_rooms(line, ["beatomizer.features.bank", "beatomizer.arrays"]) == [
        "audio must not import features"
    ]
    assert heavy_imports(line, ["torch.nn", "av"]) == ["audio must not import torch.nn"]
    assert heavy_imports(ground, ["av"]) == ["timebase must not import av"]
    assert heavy_imports(PACKAGE / "dataset" / "card.py", ["matplotlib.figure", "scipy"]) == [
        "dataset must not import scipy"
    ]
    assert heavy_imports(PACKAGE / "models" / "cnn.py", ["torch"]) == []
    long = tmp_path / "utils.py"
    long.write_text("\n" * 401)
    assert many_ideas(long) == ["401 lines: split it", "'utils' says nothing"]


def test_the_picture_names_every_room() -> None:
    picture = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room in {*LINE, *LEARNING, "player", "studio", "cli"} - {"line"}:
        assert f"`{room}/`" in picture
    for module in GROUND:
        assert f"`{module}`" in picture
