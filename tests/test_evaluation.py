"""``evaluate`` from shards to results: references beside models, the same bytes twice, one line for each mistake."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from beatomizer.audio.audio import Audio
from beatomizer.cli.evaluate import spoken
from beatomizer.cli.program import run
from beatomizer.color import linear_to_srgb
from beatomizer.dataset.shards import read_clips
from beatomizer.errors import UsageError
from beatomizer.evaluation.drawing import ribbon
from beatomizer.evaluation.evaluate import Wishes, evaluate
from beatomizer.evaluation.intensity_graph import draw_intensity_graph
from beatomizer.evaluation.lighting import lighter_of, on_stage
from beatomizer.evaluation.markdown import ONE_TAKE
from beatomizer.evaluation.measuring import partners, unsafe_frames
from beatomizer.evaluation.references import BeatFlasher, RandomWalk, mean_label
from beatomizer.evaluation.results import cleaned, hash_of
from beatomizer.evaluation.sound import onset_envelope, song_of, tracked_beats
from beatomizer.features.bank import extract_features
from beatomizer.metrics.light import Light
from beatomizer.metrics.sync import light_events, nearest
from beatomizer.metrics.table import GROUPS, METRICS
from beatomizer.models.pieces import light_of
from beatomizer.models.table import build
from beatomizer.training.checkpoint import Checkpoint, checkpoint_name, save_checkpoint
from beatomizer.training.recipe_file import find_recipe
from beatomizer.training.run import BEST, CHECKPOINTS, DataFacts, RunFacts, write_claim, write_json
from tests.made_clips import made_clip, made_set

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from make_tiny_model import rgb_model, scores_model

REFERENCES = ["constant grey", "constant mean colour", "loudness follower", "beat flasher", "random walk"]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return made_set(tmp_path_factory.mktemp("sets") / "shards", clips=16, zones=2)


@pytest.fixture(scope="module")
def untrained_run(tmp_path_factory):
    """A run folder as training writes it, with the weights it begins with."""
    folder = tmp_path_factory.mktemp("runs") / "first try"
    recipe = find_recipe(None, "cnn")
    torch.manual_seed(0)
    model = build("cnn", recipe.model_settings, 2)
    facts = RunFacts("cnn", 2, model.inputs, (DataFacts("shards", "0" * 64, "mean", 2, 1),), 1)
    folder.mkdir()
    write_claim(folder, facts, recipe)
    save_checkpoint(folder / CHECKPOINTS, Checkpoint(1, model.state_dict(), {}, {}), checkpoint_name(1))
    write_json(folder / BEST, {"checkpoint": checkpoint_name(1), "epoch": 1, "score": 0.5, "watch": "loss"})
    return folder


@pytest.fixture(scope="module")
def model_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny_scores.onnx").write_bytes(scores_model().SerializeToString())
    (folder / "tiny_rgb.onnx").write_bytes(rgb_model().SerializeToString())
    return folder


@pytest.fixture(scope="module")
def done(shards, untrained_run, model_files, tmp_path_factory):
    """One evaluation of a model of each kind."""
    models = ["classic", str(untrained_run), *map(str, sorted(model_files.iterdir()))]
    return evaluate(
        shards, models, tmp_path_factory.mktemp("out"), Wishes(pictures=False, made_on="2026-11-22")
    )


@pytest.fixture(scope="module")
def rows(done):
    return {row["name"]: row for row in done.results.rows}


@pytest.fixture(scope="module")
def heard():
    clip = made_clip(0)
    return clip, extract_features(Audio(clip.sound))


def mean(row, name):
    return row["values"][name]["mean"]


def test_every_reference_stands_beside_the_models(rows):
    models = ["classic", "first try", "tiny_rgb", "tiny_scores"]
    assert list(rows) == ["label", *models, *REFERENCES, "wrong song"]


def test_the_label_is_the_upper_row(rows):
    label = rows["label"]
    assert mean(label, "cosine") == pytest.approx(1.0, abs=1e-6)
    assert label["skill"]["mean"] == pytest.approx(1.0, abs=1e-5)
    assert mean(label, "hue_error") == pytest.approx(0.0, abs=1e-6)
    assert label["combined"]["score"] == pytest.approx(1.0)
    assert mean(label, "light_beat_f1") > 0.5


def test_grey_scores_three_quarters_on_saturated_labels_and_has_no_skill(rows):
    grey = rows["constant grey"]
    assert mean(grey, "cosine") == pytest.approx(0.75, abs=0.06)
    for row in rows.values():
        assert mean(row, "grey_cosine") == pytest.approx(mean(grey, "cosine"), abs=1e-6)
    best = max(rows["constant grey"]["skill"]["mean"], rows["constant mean colour"]["skill"]["mean"])
    assert best == pytest.approx(0.0, abs=1e-6)
    assert grey["combined"]["score"] == 0.0


def test_constant_rows_know_nothing_of_the_song(rows):
    for name in ("constant grey", "constant mean colour"):
        assert mean(rows[name], "light_beat_f1") == 0.0
        assert mean(rows[name], "onset_r") == 0.0
        assert rows[name]["belonging"]["auc"]["mean"] == 0.5
        assert mean(rows[name], "jitter") == 0.0


def test_followers_belong_and_strangers_do_not(rows):
    assert rows["label"]["belonging"]["auc"]["mean"] > 0.9
    assert rows["beat flasher"]["belonging"]["auc"]["mean"] > 0.9
    assert mean(rows["beat flasher"], "light_beat_f1") > 0.6
    for name in ("random walk", "wrong song"):
        assert abs(mean(rows[name], "light_beat_f1")) < 0.2
        assert mean(rows[name], "onset_r") < 0.1
    assert rows["label"]["belonging"]["gap"]["light_beat_f1"]["mean"] > 0.4


def test_a_run_is_lit_in_linear_light_and_spread_on_the_stage(untrained_run, heard):
    lighter = lighter_of(str(untrained_run))
    light = lighter.light(heard[1], 4, 0)
    srgb = light_of(lighter.model, heard[1].slices)
    assert light.shape == (900, 4, 3)
    assert linear_to_srgb(light[:, [0, 2]].astype(np.float64)) == pytest.approx(srgb, abs=1e-5)
    assert np.array_equal(light[:, 0], light[:, 1])


def test_models_say_what_they_are(rows, done):
    assert rows["first try"]["model"]["parameters"] > 50_000
    assert re.fullmatch("[0-9a-f]{64}", rows["first try"]["model"]["sha256"])
    assert re.fullmatch("[0-9a-f]{64}", rows["tiny_rgb"]["model"]["sha256"])
    assert rows["tiny_rgb"]["model"]["parameters"] > 0
    system = done.results.facts["system"]["first try"]
    assert system["parameters"] == rows["first try"]["model"]["parameters"]
    assert system["times_real_time"] > system["times_real_time_with_features"] > 0


def test_seeds_make_a_difference_only_where_there_are_any(rows):
    assert rows["classic"]["diversity"]["hues_across_seeds"] > 0.1
    assert "hues_across_seeds" not in rows["tiny_rgb"]["diversity"]
    assert rows["constant grey"]["diversity"]["hues_across_songs"] == 0.0


def test_intervals_hold_their_means(rows):
    for row in rows.values():
        for value in row["values"].values():
            if value["low"] is not None:
                assert value["low"] - 1e-9 <= value["mean"] <= value["high"] + 1e-9


def test_results_are_plain_json_with_a_hash_over_the_numbers(done):
    folder = done.files[-1].parent
    facts = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert facts["hash"] == hash_of(facts)
    assert hash_of({**facts, "made": {}, "system": {}}) == facts["hash"]
    assert hash_of({**facts, "data": {}}) != facts["hash"]
    assert facts["made"]["on"] == "2026-11-22"
    assert facts["data"]["clips"] == 4
    assert facts["data"]["takes"] == 2
    assert [metric["name"] for metric in facts["metrics"]] == [metric.name for metric in METRICS]


def test_the_report_has_every_row_and_metric(done, rows):
    text = (done.files[-1].parent / "results.md").read_text(encoding="utf-8")
    for name in rows:
        assert f"*{name}*" in text
    for metric in METRICS:
        assert metric.title.replace("|", "\\|") in text
    tables = [line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")]
    assert min(tables) > 3
    assert "nan" not in text


def test_the_same_evaluation_gives_the_same_numbers(shards, tmp_path):
    wishes = Wishes(clips=2, seed=3, pictures=False)
    one, other = (evaluate(shards, ["loudness"], tmp_path / name, wishes) for name in "ab")
    assert one.results.facts["hash"] == other.results.facts["hash"]
    assert one.results.facts["data"]["clips"] == 2
    assert [path.name for path in one.files] == ["results.json", "results.md"]


def test_the_same_light_gives_the_same_picture(tmp_path):
    light = np.random.default_rng(0).random((300, 2, 3)).astype(np.float32)
    for name in ("a.png", "b.png"):
        draw_intensity_graph(
            tmp_path / name, [("one", light)], np.linspace(-40, -10, 300), title="<b>$x$</b>"
        )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_the_command_line_pictures_and_songs_without_labels(shards, tmp_path, capsys):
    import wave

    clip = made_clip(3)
    song = tmp_path / "my song.wav"
    with wave.open(str(song), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(clip.audio.tobytes())
    out = tmp_path / "out"
    words = ["--data", str(shards), "--model", "classic", "-o", str(out), "--clips", "1", "--json"]
    pictures = {"hues.png", "ribbons-1.png", "intensity-1.png", "song-1.png"}
    pictures |= {f"bars-{group}.png" for group in GROUPS}
    assert run(["evaluate", *words, "--songs", str(song), "--estimate-beats", "--debug"]) == 0
    facts = json.loads(capsys.readouterr().out)
    (told,) = facts["songs"]
    values = {row["name"]: row["values"] for row in told["rows"]}
    assert told["title"] == "my song"
    assert values["classic"]["light_beat_f1"] > 0.2
    assert values["classic"]["cosine"] is None
    assert values["constant grey"]["light_beat_f1"] == 0.0
    assert {path.name for path in out.glob("*.png")} == pictures
    for name in pictures:
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    assert "## Songs" in (out / "results.md").read_text(encoding="utf-8")


def test_one_take_alone_has_no_wrong_song(tmp_path):
    shards = made_set(tmp_path / "one", clips=2)
    done = evaluate(shards, ["constant"], tmp_path / "out", Wishes(split="train", pictures=False))
    names = [row["name"] for row in done.results.rows]
    assert "wrong song" not in names
    assert names.count("constant") == 1
    assert done.results.rows[0]["belonging"]["auc"]["mean"] is None
    assert ONE_TAKE in (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert "\none take only: no intervals" in spoken(done)


def test_an_evaluation_does_not_mix_into_other_things(shards, tmp_path):
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UsageError, match=r"holds other things \('run.json'\)"):
        evaluate(shards, ["constant"], tmp_path, Wishes(clips=1, pictures=False))
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--data", "SHARDS", "--model", "nobody", "-o", "OUT"], 2, "nobody"),
        (["--data", "NOWHERE", "--model", "classic", "-o", "OUT"], 3, "not a folder of shards"),
        (["--data", "SHARDS", "--model", "EMPTY", "-o", "OUT"], 3, "is not a run"),
        (["--data", "SHARDS", "--model", "gone.onnx", "-o", "OUT"], 3, "gone.onnx"),
        (["--data", "SHARDS", "--model", "classic", "-o", "FILE"], 2, "is a file"),
        (["--data", "SHARDS", "--model", "classic", "-o", "OUT", "--songs", "gone.mp3"], 3, "gone.mp3"),
        (["--data", "SHARDS", "--model", "classic", "-o", "OUT", "--clips", "0"], 2, "whole number"),
        (["--data", "SHARDS", "--model", "classic", "-o", "OUT", "--split", "all"], 2, "invalid choice"),
        (["--data", "ONE", "--model", "classic", "-o", "OUT"], 2, "no clips in the split 'test'"),
    ],
)
def test_mistakes_get_one_line(words, code, told, shards, tmp_path, capsys):
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "FILE").write_text("something of mine")
    places = {"SHARDS": shards, "ONE": tmp_path / "ONE"}
    if "ONE" in words:
        made_set(places["ONE"], clips=1)
    named = {"NOWHERE", "EMPTY", "OUT", "FILE"}
    words = [str(places.get(word, tmp_path / word if word in named else word)) for word in words]
    assert run(["evaluate", *words, "--quiet"]) == code
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert told in line
    assert not (tmp_path / "OUT" / "results.json").exists()


# The parts


def test_a_clips_score_becomes_the_reference(heard):
    clip, features = heard
    song = song_of(features, clip.facts["score"])
    beats = np.array([time for time, _ in clip.facts["score"]["beats"]])
    assert song.beats_s == pytest.approx(beats)
    assert song.downbeats_s == pytest.approx(beats[::4])
    assert [part.material for part in song.parts] == ["A", "B"]
    assert len(song.drops_s) == 0
    assert len(song.onset) == len(song.loudness_db) == len(song.chroma) == 900
    frames = np.floor(beats * 60).astype(int)
    assert song.onset[frames].mean() > 2 * np.median(song.onset)
    unknown = song_of(features)
    assert unknown.beats_s is None
    assert unknown.parts is None


def test_estimated_beats_only_where_none_are_known(heard):
    clip, features = heard
    score = clip.facts["score"]
    assert song_of(features, score, beats="estimate").beats_s == pytest.approx([t for t, _ in score["beats"]])
    guessed = song_of(features, beats="estimate").beats_s
    assert nearest(guessed, np.array([t for t, _ in score["beats"]])).mean() < 0.05
    assert song_of(features, {**score, "drops_s": [3.0, 99.0]}).drops_s.tolist() == [3.0]


def test_the_onset_envelope_is_not_negative(heard):
    assert onset_envelope(heard[1].frames).min() >= 0.0


def test_the_beat_flasher_flashes_on_every_tracked_beat(heard):
    features = heard[1]
    beats, _ = tracked_beats(features)
    events = light_events(Light(BeatFlasher().light(features, 1, 0)))
    assert len(events) == pytest.approx(len(beats), abs=1)
    assert nearest(events, beats).max() < 0.035


def test_the_random_walk_walks_elsewhere_for_each_seed_and_song(heard):
    features = heard[1]
    walk = RandomWalk()
    one = walk.light(features, 2, 0)
    assert one.shape == (900, 2, 3)
    assert np.array_equal(one, walk.light(features, 2, 0))
    assert not np.array_equal(one, walk.light(features, 2, 1))
    assert not np.array_equal(one, walk.light(replace(features, samples=features.samples[::-1].copy()), 2, 0))
    assert one.min() >= 0.0
    assert one.max() <= 1.0


def test_the_mean_colour_is_of_usable_frames(shards):
    clips = list(read_clips(shards, "train"))
    wanted = np.mean([clip.label[clip.usable].mean(axis=(0, 1)) for clip in clips], axis=0)
    assert mean_label(clips) == pytest.approx(wanted, abs=1e-6)
    assert mean_label([]) is None


def test_light_is_spread_and_thinned_as_the_line_does_it():
    linear = np.arange(6.0).reshape(1, 2, 3).astype(np.float32)
    assert on_stage(linear, 4)[0, :, 0].tolist() == [0, 0, 3, 3]
    assert on_stage(on_stage(linear, 4), 2).tolist() == linear.tolist()


def test_partners_are_of_other_takes():
    takes = list("aabbbcd")
    chosen = partners(takes, 3, seed=0)
    for clip, others in enumerate(chosen):
        assert all(takes[other] != takes[clip] for other in others)
    assert np.array_equal(chosen, partners(takes, 3, seed=0))
    assert (partners(["a", "a"], 2, 0) == -1).all()


def test_a_strobe_is_unsafe_and_a_hold_is_not():
    frames = np.arange(300)
    strobe = np.repeat(((frames // 3) % 2)[:, None, None].astype(np.float32), 3, axis=2)
    assert unsafe_frames(strobe).mean() > 0.5
    assert not unsafe_frames(np.full((300, 1, 3), 0.5)).any()


def test_a_ribbon_keeps_the_colours():
    linear = np.zeros((1000, 2, 3))
    linear[:500, 0] = [1.0, 0.0, 0.0]
    linear[:, 1] = 0.25
    strip = ribbon(linear, 10)
    assert strip.shape == (2, 10, 3)
    assert strip[0, 0].tolist() == [255, 0, 0]
    assert strip[0, 9].tolist() == [0, 0, 0]
    assert strip[1, 4, 0] == round(float(linear_to_srgb(np.array(0.25))) * 255)


def test_cleaned_numbers_are_json():
    assert cleaned({"a": np.float32(np.nan), "b": [np.int64(3), True, None], "c": 1 / 3}) == {
        "a": None,
        "b": [3.0, True, None],
        "c": 0.3333333,
    }


def test_engines_with_scores_are_drawn_with_the_zones_of_the_set(heard):
    light = lighter_of("classic").light(heard[1], 8, 0)
    assert light.shape == (900, 8, 3)
    assert light.dtype == np.float32
    assert any(not np.array_equal(light[:, 0], light[:, zone]) for zone in range(1, 8))


def test_a_seed_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="seed"):
        Wishes(seed=-1)
