"""What README promises runs: its Python, its commands, its links and its pictures."""

import re
import shlex
from pathlib import Path

import pytest

from beatomizer.cli import main
from beatomizer.cli.program import build_parser
from tests.songs import beat_song, write_wav

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the song that README talks about (a WAV inside: its name is not believed)."""
    write_wav(tmp_path / "song.mp3", beat_song(2.0))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_of_the_readme_runs(folder: Path) -> None:
    assert blocks("python")
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
    assert list(folder.glob("*.mp4"))


LEARNING = {"dataset", "train", "evaluate", "search", "export"}


def test_the_commands_of_the_readme_run(folder: Path) -> None:
    commands = [
        line for block in blocks("sh") for line in block.splitlines() if line.startswith("beatomizer ")
    ]
    assert len(commands) >= 5
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        if words[0] == "demo" or words[0] in LEARNING or "model.onnx" in words:
            continue  # a minute of video, and minutes of training: .ci/run runs them
        assert main(words) == 0, command


def test_the_learning_commands_of_the_readme_are_understood() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("beatomizer ")]
    learning = [shlex.split(line, comments=True)[1:] for line in lines]
    learning = [words for words in learning if words[0] in LEARNING]
    assert {words[0] for words in learning} == LEARNING
    for words in learning:
        assert callable(build_parser().parse_args(words).run)


def test_links_and_pictures_exist() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", README)
    local = [a or b for a, b in targets if not (a or b).startswith("http")]
    assert len(local) >= 5
    for target in local:
        assert (ROOT / target).exists(), target


def test_the_reading_order_names_files_that_exist() -> None:
    named = re.findall(r"`(src/beatomizer/[\w/]+\.py)`", README)
    assert len(named) >= 10
    for name in named:
        assert (ROOT / name).exists(), name


def test_nothing_is_left_to_fill_in() -> None:
    assert not re.findall(r"^[A-Z]{5,}$|TODO|TBD|XXX", README, re.MULTILINE)


def test_the_notice_is_there() -> None:
    assert "photosensitiv" in README.lower()
    assert "certified" not in README.lower()


def test_no_text_holds_the_marks_of_a_merge() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "src").rglob("*.[jmhct]*")]
    marked = [path for path in texts if re.search(r"^(<{7}|>{7}) ", path.read_text("utf-8", "replace"), re.M)]
    assert texts
    assert not marked
