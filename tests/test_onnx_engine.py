"""ONNX models that fit: whole song = stream, chunks = one go, latency, and answers that are not to be trusted."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper

from beatomizer.arrays import F32
from beatomizer.errors import ResourceLimitError, UnreadableInputError
from beatomizer.features.bank import COLUMNS, SETTINGS, WIDTH
from beatomizer.features.features import Features
from beatomizer.inference.engine import RawLight, Scores
from beatomizer.inference.engines import load_engine
from beatomizer.inference.onnx_engine import OnnxEngine
from beatomizer.inference.onnx_guard import check_model
from beatomizer.inference.onnx_session import Session
from beatomizer.timebase import HOP

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from make_tiny_model import MODELS, RGB_REACH, rgb_model, ring_model, scores_model

RNG = np.random.default_rng(11)
FRAMES = RNG.standard_normal((700, WIDTH)).astype(np.float32)
SAMPLES = (0.2 * RNG.standard_normal(700 * HOP - 123)).astype(np.float32)
FEATURES = Features(FRAMES, SAMPLES, SETTINGS)


def engine(model: ModelProto) -> OnnxEngine:
    return OnnxEngine.from_bytes(model.SerializeToString(), name="tiny.onnx")


SCORES, RING, RGB = engine(scores_model()), engine(ring_model()), engine(rgb_model())


def in_one_go(model: OnnxEngine, frames: F32) -> dict[str, F32]:
    """The plain run of the whole song, state zero."""
    ports = [port for port in model._model.outputs if not port.name.endswith("_next")]
    feed = {"frames": frames[None]} | {
        port.name: np.zeros(port.shape, dtype=np.float32) for port in model.card.states
    }
    return {name: value[0] for name, value in model._session.run(feed, tuple(ports)).items()}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_file_is_an_engine(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(MODELS[name]().SerializeToString(deterministic=True))
    heard = load_engine(str(path)).listen(FEATURES)
    if name == "tiny_rgb":
        assert isinstance(heard, RawLight)
        assert heard.linear.shape == (700, 3, 3)
        return
    assert isinstance(heard, Scores)
    assert heard.onsets is not None
    assert heard.onsets.shape == (700, 4)
    said = {name: values for name, values in vars(heard).items() if values is not None}
    assert set(said) == {"beat", "downbeat", "boundary", "onsets", "energy"}
    for values in said.values():
        assert len(values) == 700
        assert values.min() >= 0.0
        assert values.max() <= 1.0
        assert values.std() > 1e-3


def test_the_script_writes_the_same_bytes_again() -> None:
    for make in MODELS.values():
        assert make().SerializeToString(deterministic=True) == make().SerializeToString(deterministic=True)


def test_models_do_not_depend_on_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert np.array_equal(engine(scores_model()).outputs(FRAMES)["beat"], SCORES.outputs(FRAMES)["beat"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", [SCORES, RING], ids=["tensors", "ring"])
@pytest.mark.parametrize("sizes", [[1], [2, 3], [7], [64, 1], [699, 1], [700]], ids=str)
def test_a_stream_gives_what_the_whole_song_gives(model: OnnxEngine, sizes: list[int]) -> None:
    whole = in_one_go(model, FRAMES)
    stream, parts, start, turn = model.stream(), [], 0, 0
    while start < len(FRAMES):
        parts.append(stream.push(FRAMES[start : start + sizes[turn % len(sizes)]]))
        start, turn = start + len(parts[-1]["beat"]), turn + 1
    for name, values in whole.items():
        assert np.abs(np.concatenate([part[name] for part in parts]) - values).max() < 1e-4
    assert np.abs(model.outputs(FRAMES)["onsets"] - whole["onsets"]).max() < 1e-4


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(1, 90), min_size=1, max_size=10))
def test_any_cut_gives_what_the_whole_gives(cuts: list[int]) -> None:
    for model in (SCORES, RING):
        stream, start = model.stream(), 0
        for size in cuts:
            part = stream.push(FRAMES[start : start + size])
            if start + size > len(FRAMES):
                break
            assert np.abs(part["beat"] - in_one_go(model, FRAMES)["beat"][start : start + size]).max() < 1e-4
            start += size


def test_two_streams_do_not_share_a_past() -> None:
    first, second = SCORES.stream(), SCORES.stream()
    first.push(FRAMES[:50])
    alone = SCORES.stream().push(FRAMES[50:80])
    assert np.array_equal(second.push(FRAMES[50:80])["beat"], alone["beat"])
    assert not np.allclose(first.push(FRAMES[50:80])["beat"], alone["beat"], atol=1e-4)


def test_overlapping_chunks_give_what_one_go_gives() -> None:
    assert RGB.card.chunk_frames == 64
    slices = FEATURES.slices
    whole = in_one_go(RGB, slices)["rgb"]
    assert np.abs(RGB.outputs(slices)["rgb"] - whole).max() < 1e-5
    for chunk in (4 * RGB_REACH + 1, 17, 699, 700, 3000):
        chunked = engine(rgb_model(chunk_frames=str(chunk))).outputs(slices)["rgb"]
        assert np.abs(chunked - whole).max() < 1e-5
    for count in (1, 2, 63, 64, 65):
        short = RGB.outputs(slices[:count])["rgb"]
        assert np.abs(short - in_one_go(RGB, slices[:count])["rgb"]).max() < 1e-5


def test_latency_is_taken_back_for_whole_songs() -> None:
    late = engine(scores_model(latency_frames="3"))
    straight, moved = SCORES.outputs(FRAMES)["beat"], late.outputs(FRAMES)["beat"]
    assert len(moved) == len(straight)
    assert np.abs(moved[:-3] - straight[3:]).max() < 1e-5
    assert np.array_equal(late.stream().push(FRAMES)["beat"], straight)


def test_models_for_whole_songs_do_not_stream() -> None:
    with pytest.raises(UnreadableInputError, match="whole songs only"):
        RGB.stream()


def test_one_frame_at_a_time_is_fed_so() -> None:
    model = scores_model()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    for port in model.graph.output:
        if port.name in ("beat", "downbeat", "boundary", "energy", "onsets"):
            port.type.tensor_type.shape.dim[1].dim_value = 1
    single = engine(model)
    assert single.card.step_frames == 1
    assert np.abs(single.outputs(FRAMES[:80])["beat"] - SCORES.outputs(FRAMES[:80])["beat"]).max() < 1e-4


def test_fixed_numbers_of_frames_are_refused() -> None:
    model = ring_model()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 16
    with pytest.raises(UnreadableInputError, match="fixed number of frames"):
        engine(model)


def test_chunks_without_room_are_refused() -> None:
    with pytest.raises(UnreadableInputError, match="chunk_frames"):
        engine(rgb_model(chunk_frames=str(4 * RGB_REACH)))


def test_features_of_another_bank_are_refused() -> None:
    with pytest.raises(UnreadableInputError, match="bank1-v0-x"):
        SCORES.listen(Features(FRAMES, SAMPLES, "bank1-v0-x"))


def test_an_empty_song_is_refused() -> None:
    with pytest.raises(UnreadableInputError, match="nothing to hear"):
        SCORES.outputs(FRAMES[:0])


def test_frames_of_another_width_are_refused() -> None:
    for bad in (FRAMES[:5, :80], FRAMES[0], FRAMES[:0]):
        with pytest.raises(UnreadableInputError, match="takes frames"):
            SCORES.stream().push(bad)


def spoilt(op: str, *extra: str, **attributes: object) -> ModelProto:
    """The ring model with its beat passed through another operator."""
    model = ring_model()
    for node in model.graph.node:
        node.output[:] = ["beat_before" if name == "beat" else name for name in node.output]
    model.graph.node.append(helper.make_node(op, ["beat_before", *extra], ["beat"], **attributes))
    return model


def test_answers_that_are_not_finite_are_refused() -> None:
    model = spoilt("Div", "zero")
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(1, dtype=np.float32), "zero"))
    with pytest.raises(UnreadableInputError, match="not finite"):
        engine(model).listen(FEATURES)


def test_answers_of_another_shape_are_refused() -> None:
    model = spoilt("Concat", "beat_before", axis=1)
    with pytest.raises(UnreadableInputError, match="beat"):
        engine(model).listen(FEATURES)


def test_a_run_without_an_end_is_stopped() -> None:
    """A loop of 2**62 rounds."""
    model = ring_model()
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["value", "value"], ["doubled"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", onnx.TensorProto.INT64, []),
            helper.make_tensor_value_info("go", onnx.TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", onnx.TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", onnx.TensorProto.BOOL, []),
            helper.make_tensor_value_info("doubled", onnx.TensorProto.FLOAT, None),
        ],
    )
    for node in model.graph.node:
        node.output[:] = ["beat_before" if name == "beat" else name for name in node.output]
    model.graph.initializer.append(numpy_helper.from_array(np.array(2**62), "rounds"))
    model.graph.node.append(helper.make_node("Loop", ["rounds", "", "beat_before"], ["beat"], body=body))
    checked = check_model(model.SerializeToString(), "endless.onnx")
    session = Session(checked, longest_run_s=0.5)
    with pytest.raises(ResourceLimitError, match="without an end"):
        session.run({"frames": FRAMES[None, :4]}, checked.outputs)


def test_extra_outputs_come_along_and_harm_nothing() -> None:
    model = ring_model()
    model.graph.node.append(helper.make_node("Identity", ["onsets"], ["extra_onsets"]))
    model.graph.output.append(
        helper.make_tensor_value_info("extra_onsets", onnx.TensorProto.FLOAT, [1, "T", 4])
    )
    with_extra = engine(model)
    outputs = with_extra.outputs(FRAMES)
    assert np.array_equal(outputs["extra_onsets"], outputs["onsets"])
    assert isinstance(with_extra.listen(FEATURES), Scores)


def test_an_hour_needs_little_memory() -> None:
    """Peak of one chunk, not of the song: the runs that reach the runtime stay short."""
    longest = 0
    run = SCORES._session.run

    def watched(feed: dict[str, F32], *args: object, **kwargs: object) -> dict[str, F32]:
        nonlocal longest
        longest = max(longest, feed["frames"].shape[1])
        return run(feed, *args, **kwargs)

    SCORES._session.run = watched  # type: ignore[method-assign]  # a spy around the real one
    try:
        beat = SCORES.outputs(np.tile(FRAMES, (15, 1)))["beat"]
    finally:
        SCORES._session.run = run  # type: ignore[method-assign]  # taken off again
    assert len(beat) == 10_500
    assert longest <= 3600


def test_the_beat_of_the_tiny_model_follows_the_flux() -> None:
    frames = np.zeros((60, WIDTH), dtype=np.float32)
    frames[30, COLUMNS["flux"]] = 3.0
    assert int(SCORES.outputs(frames)["beat"].argmax()) == 30
