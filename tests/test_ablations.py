"""Ablations: recipes that differ from their basis in one thing, and what their rows make of a listener's words."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from beatomizer.color import linear_to_oklab, oklab_to_oklch, rgb8_to_linear
from beatomizer.dataset.lessons.targets import perfect_scores
from beatomizer.evaluation.sound import song_of
from beatomizer.features.bank import SETTINGS
from beatomizer.features.features import Features
from beatomizer.models.listening.table import build_listener
from beatomizer.models.table import build
from beatomizer.timebase import HOP
from beatomizer.training.checkpoint import Checkpoint, checkpoint_name, save_checkpoint
from beatomizer.training.listening.recipe_file import find_listen_recipe
from beatomizer.training.listening.train import learn_to_listen
from beatomizer.training.recipe_file import find_recipe
from beatomizer.training.run import BEST, CHECKPOINTS, DataFacts, RunFacts, write_claim, write_json
from tests.test_listening_training import folder_of, lesson, recipe

ROOT = Path(__file__).parents[1]
SECONDS, ZONES = 24.0, 3
OWN_KEYS = {
    "full-small-rgb": {"model.rgb", *(f"loss.{term}" for term in ("rgb", "light", "spectral", "look", "hue"))},
    "full-small-no-rhythm": {f"loss.{term}" for term in ("beat", "downbeat", "phase", "tempo", "onsets")},
    "full-small-no-spectral": {"loss.spectral"},
}  # fmt: skip


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmarks, which are programs and no package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import ablations
    import ablations_rows

    return ablations, ablations_rows


def said(rows: Any, **changed: Any) -> Any:
    """What a listener says that is always right, of 24 s with a section in red and one in blue."""
    one = lesson(3, seconds=SECONDS)
    scores = replace(perfect_scores(one), **changed)
    frames = one.frames.astype(np.float32)
    features = Features(frames, np.zeros(len(frames) * HOP, dtype=np.float32), SETTINGS)
    song = rows.BenchSong(
        "made", "composed", Path("made.wav"), features, song_of(features, one.facts["truth"])
    )
    return rows.Said(song, scores)


def hues(show: Any) -> np.ndarray[Any, Any]:
    """OKLCh hue of the first zone, ``[T]``, degrees."""
    lch = oklab_to_oklch(linear_to_oklab(rgb8_to_linear(show.rgb8[:, 0])))
    return np.rad2deg(lch[:, 2]) % 360


@pytest.mark.parametrize("name", OWN_KEYS)
def test_an_ablation_differs_from_its_basis_in_what_it_is_named_after(name: str) -> None:
    def flat(of: str) -> dict[str, Any]:
        found = find_listen_recipe(of, "full")
        parts = {part: getattr(found, part) for part in ("model", "loss")}
        keys = {f"{part}.{key}": value for part, table in parts.items() for key, value in table.items()}
        return keys | {part: getattr(found, part) for part in ("data", "optimiser", "train", "augment")}

    basis, changed = flat("full-small"), flat(name)
    assert {key for key in changed if changed[key] != basis.get(key)} == OWN_KEYS[name]


@pytest.mark.parametrize("name", ["full-small", "live-small", *OWN_KEYS])
def test_the_small_recipes_build_what_they_say(name: str) -> None:
    model = name.partition("-")[0]
    found = find_listen_recipe(name, model)
    listener = build_listener(model, found.model)
    small = sum(parameter.numel() for parameter in listener.parameters())
    assert small < 0.3 * sum(parameter.numel() for parameter in build_listener(model, {}).parameters())
    assert ("rgb" in listener.heads.fast) == (found.loss["rgb"] > 0)


def test_the_script_makes_the_runs_that_the_table_looks_for(bench: Any) -> None:
    _, rows = bench
    script = (ROOT / "recipes" / "14-ablations.sh").read_text(encoding="utf-8")
    for name, _ in [*rows.listener_rows(), *rows.COLOUR_ROWS]:
        assert re.search(rf"\b{name}\b", script), name


def test_the_likeliest_hue_is_the_designers_and_the_light_pulses(bench: Any) -> None:
    _, rows = bench
    show, beats = rows.likeliest(said(rows), ZONES)
    assert show.rgb8.shape == (SECONDS * 60, ZONES, 3)
    assert beats is None
    half = len(show.rgb8) // 2
    found = hues(show)
    assert np.ptp(found[:half][show.rgb8[:half, 0].max(axis=1) > 60]) < 5
    np.testing.assert_allclose(np.median(found[:half]), 29, atol=15)  # red
    np.testing.assert_allclose(np.median(found[half:]), 264, atol=15)  # blue
    assert show.rgb8.max(axis=(1, 2)).std() > 20


def test_a_draw_is_kept_for_its_bar_or_for_its_frame(bench: Any) -> None:
    _, rows = bench
    open_minded = said(rows)
    unsure = np.full_like(open_minded.scores.hue, 1 / 24)
    bright = np.ones_like(open_minded.scores.light)
    open_minded = replace(open_minded, scores=replace(open_minded.scores, hue=unsure, light=bright))
    bars = np.flatnonzero(np.abs(np.diff(hues(rows.each_bar(open_minded, ZONES)[0]))) > 1) + 1
    assert len(bars) >= 6
    assert set(bars) <= set(rows.bar_starts(open_minded))
    frames = hues(rows.each_frame(open_minded, ZONES)[0])
    assert (np.abs(np.diff(frames)) > 1).mean() > 0.9


def test_a_sure_listener_draws_what_is_likeliest(bench: Any) -> None:
    _, rows = bench
    one = said(rows)
    sure = np.eye(24, dtype=np.float32)[one.scores.hue.argmax(axis=1)]
    one = replace(one, scores=replace(one.scores, hue=sure))
    np.testing.assert_array_equal(rows.each_frame(one, ZONES)[0].rgb8, rows.likeliest(one, ZONES)[0].rgb8)


def test_regressed_colour_is_shown_as_it_is(bench: Any) -> None:
    _, rows = bench
    one = said(rows)
    with pytest.raises(ValueError, match="no colour"):
        rows.regressed(one, ZONES)
    rgb = np.tile(np.array([1.0, 0.5, 0.0], dtype=np.float32), (len(one.scores.beat), 1))
    show, _ = rows.regressed(replace(one, rgb=rgb), ZONES)
    assert (show.rgb8 == [255, 128, 0]).all()


def test_without_rhythm_nothing_that_was_not_taught_is_heard(bench: Any) -> None:
    _, rows = bench
    show, beats = rows.without_rhythm(said(rows), ZONES)
    assert beats is None
    assert show.cues.beats == ()
    noise = np.random.default_rng(0).random(int(SECONDS * 60)).astype(np.float32)
    other, _ = rows.without_rhythm(said(rows, beat=noise, downbeat=noise), ZONES)
    np.testing.assert_array_equal(show.rgb8, other.rgb8)
    directed, heard = rows.directed(said(rows), ZONES)
    assert len(heard) > 40
    assert not np.array_equal(directed.rgb8, show.rgb8)


def test_a_run_gives_all_its_rows_and_they_are_measured(tmp_path: Path, bench: Any) -> None:
    ablations, rows = bench
    lessons = folder_of(tmp_path / "lessons")
    wish = replace(recipe("full"), model={**recipe("full").model, "rgb": True})
    learn_to_listen("full", [lessons], tmp_path / "full-small-rgb", wish, accelerator="cpu")
    ways = {"real": rows.directed, "bins": rows.likeliest, "mean": rows.regressed}
    player = rows.Run(tmp_path / "full-small-rgb", ways)
    song = said(rows).song
    played = list(player.play(song, ZONES))
    assert [one.row for one in played] == list(ways)
    assert all(one.show.frames == song.frames for one in played)
    lines = ablations.measured([song], [player])
    text = ablations.table(lines, [song]).splitlines()
    assert len(text) == 2 + len(ways)
    assert len({line.count("|") for line in text}) == 1
    assert "4 lessons" in player.facts()["full-small-rgb"]


def test_a_model_of_the_paper_gives_each_frame_its_colour(tmp_path: Path, bench: Any) -> None:
    _, rows = bench
    folder, wish = tmp_path / "cnn", find_recipe(None, "cnn")
    model = build("cnn", wish.model_settings, 1)
    data = (DataFacts("shards", "0" * 64, "mean", 7, 1),)
    folder.mkdir()
    write_claim(folder, RunFacts("cnn", 1, model.inputs, data, 1), wish)
    save_checkpoint(folder / CHECKPOINTS, Checkpoint(1, model.state_dict(), {}, {}), checkpoint_name(1))
    write_json(folder / BEST, {"checkpoint": checkpoint_name(1), "epoch": 1, "score": 0.5, "watch": "loss"})
    player = rows.ColourRun(folder, "paper")
    song = said(rows).song
    sound = np.random.default_rng(0).normal(0, 0.3, len(song.features.samples)).astype(np.float32)
    song = replace(song, features=replace(song.features, samples=sound))
    (played,) = player.play(song, ZONES)
    assert played.beats_s is None
    given = player.lighter.light(song.features, 1, 0).astype(np.float64)
    np.testing.assert_array_equal(played.show.rgb8, rows.shown(given, ZONES).rgb8)
    assert played.show.rgb8.std() > 0
    assert "7 clips" in player.facts()["cnn"]


def test_only_missing_runs_are_left_out(tmp_path: Path, bench: Any) -> None:
    ablations, rows = bench
    chosen, missing = ablations.players(tmp_path, shipped=False)
    assert len(chosen) == 1
    assert [name for name, _ in rows.listener_rows()] == missing[: len(rows.listener_rows())]


def test_tracks_that_are_tested_on_are_not_learned_from(tmp_path: Path, bench: Any) -> None:
    ablations, _ = bench
    music = tmp_path / "music"
    music.mkdir()
    names = [f"song{n}.ogg" for n in range(5)]
    lines = [f"{name},constant,120,0.5,60" for name in names]
    head = "file,pulse,fitted_constant_bpm,fitted_first_beat_s,seconds"
    (music / "analysis.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    for name in names:
        (music / name).write_bytes(b"sound")
    assert ablations.spare(music, 2, tmp_path / "left") == 3
    assert {path.name for path in (tmp_path / "left").iterdir()}.isdisjoint(ablations.tested_tracks(music, 2))


def test_the_page_keeps_what_is_around_the_tables(tmp_path: Path, bench: Any) -> None:
    ablations, _ = bench
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{ablations.MARKS[0]}\nold\n{ablations.MARKS[1]}\n\nafter\n", encoding="utf-8")
    ablations.write(page, "new\n", ablations.MARKS)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "new" in text
    assert "old" not in text
