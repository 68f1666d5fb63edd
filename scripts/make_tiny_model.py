"""Make small real models for every kind of model file in ``docs/models.md``: the seam's proof, not a listener.

    python scripts/make_tiny_model.py DIR

writes ``tiny_scores.onnx`` (causal convolutions and a GRU with their state in tensors), ``tiny_ring.onnx`` (causal,
its past kept by the runtime) and ``tiny_rgb.onnx`` (raw audio to colour, looking ahead, in chunks). The weights come
from a seed, so the same version of the ``onnx`` package writes the same bytes.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from beatomizer.features.bank import COLUMNS, SETTINGS, WIDTH
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

OPSET, IR_VERSION = 17, 8
HIDDEN, KERNEL, DILATIONS = 12, 3, (1, 4)
RING_CONTEXT = (KERNEL - 1) * sum(DILATIONS)
RGB_REACH = 2

METADATA = {
    "format": "1",
    "fps": str(FPS),
    "hop": str(HOP),
    "sample_rate": str(SAMPLE_RATE),
    "latency_frames": "0",
    "lookahead_frames": "0",
    "context_frames": "0",
    "chunk_frames": "0",
    "licence": "CC0-1.0",
    "dataset": "none",
    "revision": "1",
}


class Graph:
    """Nodes and weights as they are added."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[object] = []
        self.weights: list[object] = []

    def add(self, op: str, inputs: list[str], outputs: str | list[str], **attributes: object) -> str:
        """Add a node; the name of its first output."""
        names = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0]

    def weight(self, name: str, value: object, dtype: type = np.float32) -> str:
        """Add a constant; its name."""
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def random(self, name: str, *shape: int) -> str:
        """Add random weights that keep the size of what they multiply; their name."""
        fan_in = int(np.prod(shape[1:])) or 1
        return self.weight(name, self.rng.standard_normal(shape) / np.sqrt(fan_in))


def scores_model(**metadata: str) -> ModelProto:
    """Bank features → all scores; state in tensors, any number of frames a run."""
    graph = Graph(seed=1)
    now = graph.add("Transpose", ["frames"], "columns", perm=[0, 2, 1])
    width, states = WIDTH, []
    for layer, dilation in enumerate(DILATIONS):
        past, state = (KERNEL - 1) * dilation, f"state_conv{layer}"
        joined = graph.add("Concat", [state, now], f"joined{layer}", axis=2)
        bounds = [
            graph.weight(f"{state}_{word}", [number], np.int64)
            for word, number in (("from", -past), ("to", np.iinfo(np.int64).max), ("axis", 2))
        ]
        graph.add("Slice", [joined, *bounds], state + "_next")
        conv = graph.add(
            "Conv",
            [joined, graph.random(f"w{layer}", HIDDEN, width, KERNEL)],
            f"conv{layer}",
            dilations=[dilation],
        )
        now = graph.add("Tanh", [conv], f"hidden{layer}")
        states.append((state, [1, width, past]))
        width = HIDDEN
    sequence = graph.add("Transpose", [now], "sequence", perm=[2, 0, 1])
    graph.add(
        "GRU",
        [
            sequence,
            graph.random("gru_w", 1, 3 * HIDDEN, HIDDEN),
            graph.random("gru_r", 1, 3 * HIDDEN, HIDDEN),
            "",
            "",
            "state_gru",
        ],
        ["gru", "state_gru_next"],
        hidden_size=HIDDEN,
    )
    states.append(("state_gru", [1, 1, HIDDEN]))
    axis = graph.weight("gru_axis", [1], np.int64)
    squeezed = graph.add("Squeeze", ["gru", axis], "squeezed")
    _heads(graph, graph.add("Transpose", [squeezed], "heard", perm=[1, 0, 2]))
    inputs = [_port("frames", 1, "T", WIDTH), *(_port(name, *shape) for name, shape in states)]
    outputs = [*_score_ports(), *(_port(f"{name}_next", *shape) for name, shape in states)]
    card = {"name": "tiny scores", "kind": "scores", "features": SETTINGS, "state": "tensors"}
    return _model("tiny_scores", graph, inputs, outputs, card | metadata)


def ring_model(**metadata: str) -> ModelProto:
    """Bank features → all scores; causal, the runtime feeds its past again."""
    graph = Graph(seed=2)
    now, width = graph.add("Transpose", ["frames"], "columns", perm=[0, 2, 1]), WIDTH
    for layer, dilation in enumerate(DILATIONS):
        conv = graph.add(
            "Conv",
            [now, graph.random(f"w{layer}", HIDDEN, width, KERNEL)],
            f"conv{layer}",
            dilations=[dilation],
            pads=[(KERNEL - 1) * dilation, 0],
        )
        now, width = graph.add("Relu", [conv], f"hidden{layer}"), HIDDEN
    _heads(graph, graph.add("Transpose", [now], "heard", perm=[0, 2, 1]))
    card = {
        "name": "tiny ring",
        "kind": "scores",
        "features": SETTINGS,
        "state": "ring",
        "context_frames": str(RING_CONTEXT),
    }
    return _model("tiny_ring", graph, [_port("frames", 1, "T", WIDTH)], _score_ports(), card | metadata)


def rgb_model(zones: int = 3, **metadata: str) -> ModelProto:
    """Raw audio slices → colour; symmetric, so it looks ahead; run in overlapping chunks."""
    graph = Graph(seed=3)
    power = graph.add("Mul", ["frames", "frames"], "power")
    columns = graph.add("Transpose", [power], "columns", perm=[0, 2, 1])
    kernel = graph.weight("w", np.abs(graph.rng.standard_normal((3 * zones, HOP, 2 * RGB_REACH + 1))) * 0.02)
    conv = graph.add("Conv", [columns, kernel], "conv", pads=[RGB_REACH, RGB_REACH])
    light = graph.add("Tanh", [conv], "light")
    rows = graph.add("Transpose", [light], "rows", perm=[0, 2, 1])
    graph.add("Reshape", [rows, graph.weight("shape", [1, -1, zones, 3], np.int64)], "rgb")
    card = {
        "name": "tiny rgb",
        "kind": "rgb",
        "features": "slices400",
        "state": "none",
        "zones": str(zones),
        "context_frames": str(RGB_REACH),
        "lookahead_frames": str(RGB_REACH),
        "chunk_frames": "64",
    }
    ports = [_port("frames", 1, "T", HOP)], [_port("rgb", 1, "T", zones, 3)]
    return _model("tiny_rgb", graph, *ports, card | metadata)


def _heads(graph: Graph, heard: str) -> None:
    """``[1, T, HIDDEN]`` and the flux of ``frames`` → the score outputs."""
    logits = graph.add("MatMul", [heard, graph.random("w_heads", HIDDEN, 8)], "logits")
    listening = np.zeros((WIDTH, 8))
    listening[COLUMNS["flux"], :3] = 0.05
    flux = graph.add("MatMul", ["frames", graph.weight("w_flux", listening)], "flux")
    scores = graph.add("Sigmoid", [graph.add("Add", [logits, flux], "sum")], "scores")
    sizes = graph.weight("sizes", [1, 1, 1, 1, 4], np.int64)
    names = ["beat", "downbeat", "boundary", "energy"]
    graph.add("Split", [scores, sizes], [*(f"{name}_column" for name in names), "onsets"], axis=2)
    axis = graph.weight("last_axis", [2], np.int64)
    for name in names:
        graph.add("Squeeze", [f"{name}_column", axis], name)


def _score_ports() -> list[object]:
    flat = [_port(name, 1, "T") for name in ("beat", "downbeat", "boundary", "energy")]
    return [*flat, _port("onsets", 1, "T", 4)]


def _port(name: str, *shape: int | str) -> object:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def _model(
    name: str, graph: Graph, inputs: list[object], outputs: list[object], card: dict[str, str]
) -> ModelProto:
    proto = helper.make_graph(graph.nodes, name, inputs, outputs, graph.weights)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(proto, opset_imports=opsets, ir_version=IR_VERSION, producer_name="beatomizer")
    helper.set_model_props(model, {f"beatomizer.{key}": text for key, text in (METADATA | card).items()})
    checker.check_model(model, full_check=True)
    return model


MODELS: dict[str, Callable[[], ModelProto]] = {
    "tiny_scores": scores_model,
    "tiny_ring": ring_model,
    "tiny_rgb": rgb_model,
}


def main() -> None:
    """Write all of them."""
    parser = argparse.ArgumentParser(description="write small real models")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MODELS.items():
        data = make().SerializeToString(deterministic=True)
        (folder / f"{name}.onnx").write_bytes(data)
        print(f"{folder / name}.onnx: {len(data)} bytes")


if __name__ == "__main__":
    main()
