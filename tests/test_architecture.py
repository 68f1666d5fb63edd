"""The line goes one way: every import is read, and one that points back fails."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "beatomizer"

GROUND = ("arrays", "timebase", "color", "errors", "registry", "progress", "atomic")
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
ALLOWED["cli"] = {*GROUND, *LINE, *LEARNING, "player", "cli", "__init__"}
ALLOWED["__init__"] = {*GROUND, *LINE, "line"}
ALLOWED["__main__"] = {"cli"}
for room in set(ALLOWED) - {"live", "line", "player", "cli"}:
    ALLOWED[room] -= {"live"}
"""Outputs take a safe show, wherever it comes from, and learners learn from the line: only player and doors go live."""

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


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_to_the_ground_floor_or_to_the_left(path: Path) -> None:
    room = room_of(path)
    ours = {our_room(name) for name in imported_names(path) if name.split(".")[0] == "beatomizer"}
    allowed = {*GROUND} if room in GROUND else ALLOWED[room]
    assert ours <= allowed, f"{room} must not import {sorted(ours - allowed)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_heavy_is_imported(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported_names(path)}
    if room_of(path) not in TORCH_ROOMS:
        assert not roots & (HEAVY - {"matplotlib"} if room_of(path) == "dataset" else HEAVY)
    if room_of(path) in GROUND:
        assert not roots & LAZY_ROOMS


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_have_one_idea(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{lines} lines: split it"
    assert path.stem not in {"utils", "helpers", "manager", "handler", "common", "misc"}


def test_the_picture_names_every_room() -> None:
    picture = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room in {*LINE, *LEARNING, "player", "cli"} - {"line"}:
        assert f"`{room}/`" in picture
    for module in GROUND:
        assert f"`{module}`" in picture
