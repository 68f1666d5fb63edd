"""Hostile model files: each is refused with one clear line, quickly, without reading anything else."""

import contextlib
import io
import os
import pickle
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError
from beatomizer.inference.onnx_engine import OnnxEngine
from beatomizer.inference.onnx_guard import MAX_BYTES, check_model, read_model
from beatomizer.inference.wire import Reader, Schema, WireError, read_varint

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from make_tiny_model import METADATA, rgb_model, ring_model, scores_model

GOOD = scores_model().SerializeToString(deterministic=True)


def good() -> ModelProto:
    return onnx.load_from_string(GOOD)


def external(tensor: TensorProto, location: str = "/etc/hostname") -> TensorProto:
    """The tensor, pointing at another file."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def weight(name: str = "w", values: int = 4) -> TensorProto:
    return numpy_helper.from_array(np.zeros(values, dtype=np.float32), name)


def subgraph_with(tensor: TensorProto) -> onnx.GraphProto:
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    return helper.make_graph(
        [helper.make_node("Identity", [tensor.name], ["y"])], "inside", [], [out], [tensor]
    )


def if_node(tensor: TensorProto) -> onnx.NodeProto:
    return helper.make_node(
        "If", ["condition"], ["z"], then_branch=subgraph_with(tensor), else_branch=subgraph_with(weight())
    )


def function_with(node: onnx.NodeProto, domain: str = "own") -> onnx.FunctionProto:
    return helper.make_function(domain, "F", ["x"], ["y"], [node], [helper.make_opsetid("", 17)])


def external_initializer(model: ModelProto) -> None:
    external(model.graph.initializer[0])


def external_key_only(model: ModelProto) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="weights.bin")


def external_location_only(model: ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def external_above(model: ModelProto) -> None:
    external(model.graph.initializer[0], "../../../../etc/passwd")


def external_constant(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=external(weight())))


def external_in_tensor_list(model: ModelProto) -> None:
    node = helper.make_node("Identity", ["frames"], ["c"])
    node.attribute.append(helper.make_attribute("many", [weight("a"), external(weight("b"))]))
    model.graph.node.append(node)


def external_in_subgraph(model: ModelProto) -> None:
    model.graph.node.append(if_node(external(weight())))


def external_deep_in_subgraphs(model: ModelProto) -> None:
    node = if_node(external(weight()))
    for _ in range(4):
        graph = helper.make_graph([node], "deeper", [], [])
        node = helper.make_node("If", ["condition"], ["z"], then_branch=graph, else_branch=graph)
    model.graph.node.append(node)


def external_sparse(model: ModelProto) -> None:
    sparse = model.graph.sparse_initializer.add(dims=[8])
    sparse.values.CopyFrom(external(weight("s")))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.arange(4), "i"))


def external_sparse_attribute(model: ModelProto) -> None:
    node = helper.make_node("Constant", [], ["c"])
    attribute = node.attribute.add(name="sparse_value", type=onnx.AttributeProto.SPARSE_TENSOR)
    attribute.sparse_tensor.dims.append(8)
    attribute.sparse_tensor.values.CopyFrom(weight("s"))
    attribute.sparse_tensor.indices.CopyFrom(external(weight("i")))
    model.graph.node.append(node)


def external_in_function(model: ModelProto) -> None:
    model.functions.append(function_with(helper.make_node("Constant", [], ["y"], value=external(weight()))))


def custom_domain(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("Spawn", ["frames"], ["c"], domain="com.evil"))


def runtime_domain(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("FusedConv", ["frames"], ["c"], domain="com.microsoft"))


def custom_opset(model: ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.evil", 1))


def custom_domain_in_function(model: ModelProto) -> None:
    model.functions.append(function_with(helper.make_node("Spawn", ["x"], ["y"], domain="com.evil")))


def training_info(model: ModelProto) -> None:
    model.training_info.add().algorithm.CopyFrom(subgraph_with(weight()))


def old_ir(model: ModelProto) -> None:
    model.ir_version = 3


def new_ir(model: ModelProto) -> None:
    model.ir_version = 99


def no_graph(model: ModelProto) -> None:
    model.ClearField("graph")


def huge_dims(model: ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [1 << 40, 1 << 20]


def overflowing_dims(model: ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [1 << 62, 4]


def negative_dims(model: ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [-1]


def short_weights(model: ModelProto) -> None:
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]


def huge_state(model: ModelProto) -> None:
    for port in (model.graph.input[1], *[p for p in model.graph.output if p.name == "state_conv0_next"]):
        port.type.tensor_type.shape.dim[1].dim_value = 1 << 30


def free_state(model: ModelProto) -> None:
    model.graph.input[1].type.tensor_type.shape.dim[2].dim_param = "any"


def wrong_input_name(model: ModelProto) -> None:
    model.graph.input[0].name = "audio"


def second_input(model: ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("password", TensorProto.FLOAT, [1]))


def wrong_width(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 80


def wrong_rank(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim.add().dim_value = 1


def wrong_dtype(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def not_a_tensor(model: ModelProto) -> None:
    model.graph.input[0].type.CopyFrom(
        helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [1]))
    )


def no_shape(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.ClearField("shape")


def unknown_output(model: ModelProto) -> None:
    model.graph.output[1].name = "downbeats"


def no_beat(model: ModelProto) -> None:
    del model.graph.output[0]


def same_output_twice(model: ModelProto) -> None:
    model.graph.output.append(model.graph.output[0])


def integer_output(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64


def missing_next_state(model: ModelProto) -> None:
    kept = [port for port in model.graph.output if port.name != "state_gru_next"]
    del model.graph.output[:]
    model.graph.output.extend(kept)


def unknown_operator(model: ModelProto) -> None:
    model.graph.node[0].op_type = "Abracadabra"


def cycle(model: ModelProto) -> None:
    model.graph.node[0].input[0] = "beat"


def metadata_twice(model: ModelProto) -> None:
    model.metadata_props.add(key="beatomizer.kind", value="rgb")


def no_metadata(model: ModelProto) -> None:
    del model.metadata_props[:]


HOSTILE: list[Callable[[ModelProto], None]] = [
    external_initializer,
    external_key_only,
    external_location_only,
    external_above,
    external_constant,
    external_in_tensor_list,
    external_in_subgraph,
    external_deep_in_subgraphs,
    external_sparse,
    external_sparse_attribute,
    external_in_function,
    custom_domain,
    runtime_domain,
    custom_opset,
    custom_domain_in_function,
    training_info,
    old_ir,
    new_ir,
    no_graph,
    huge_dims,
    overflowing_dims,
    negative_dims,
    short_weights,
    huge_state,
    free_state,
    wrong_input_name,
    second_input,
    wrong_width,
    wrong_rank,
    wrong_dtype,
    not_a_tensor,
    no_shape,
    unknown_output,
    no_beat,
    same_output_twice,
    integer_output,
    missing_next_state,
    unknown_operator,
    cycle,
    metadata_twice,
    no_metadata,
]


@pytest.mark.parametrize("spoil", HOSTILE, ids=lambda spoil: spoil.__name__)
def test_a_hostile_model_is_refused(spoil: Callable[[ModelProto], None], tmp_path: Path) -> None:
    model = good()
    spoil(model)
    path = tmp_path / "hostile.onnx"
    path.write_bytes(model.SerializeToString())
    start = time.process_time()
    with pytest.raises(UnreadableInputError) as caught:
        OnnxEngine.from_file(path)
    assert time.process_time() - start < 2.0
    assert "hostile.onnx" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "spoil", [spoil for spoil in HOSTILE if spoil.__name__.startswith("external")], ids=lambda s: s.__name__
)
def test_external_data_are_refused_by_the_guard_itself(spoil: Callable[[ModelProto], None]) -> None:
    model = good()
    spoil(model)
    with pytest.raises(UnreadableInputError, match="another file"):
        check_model(model.SerializeToString())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "2"),
        ("kind", "video"),
        ("features", "bank80-v1-00000000"),
        ("fps", "30"),
        ("fps", "60.0"),
        ("hop", "512"),
        ("sample_rate", "44100"),
        ("state", "maybe"),
        ("state", "none"),
        ("state", "ring"),
        ("latency_frames", "-1"),
        ("latency_frames", "1e3"),
        ("latency_frames", "٣"),
        ("lookahead_frames", "2"),
        ("chunk_frames", "999999999999999999999"),
    ],
)
def test_wrong_metadata_are_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(UnreadableInputError, match=key if value not in ("none", "ring") else "state"):
        OnnxEngine.from_bytes(scores_model(**{key: value}).SerializeToString())


@pytest.mark.parametrize("key", [*METADATA, "name", "kind", "features", "state"])
def test_each_missing_key_is_named(key: str) -> None:
    model = good()
    kept = [prop for prop in model.metadata_props if prop.key != f"beatomizer.{key}"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    with pytest.raises(UnreadableInputError, match=f"beatomizer.{key}"):
        OnnxEngine.from_bytes(model.SerializeToString())


def test_metadata_cannot_drive_a_terminal() -> None:
    with pytest.raises(UnreadableInputError) as caught:
        OnnxEngine.from_bytes(scores_model(features="\x1b[2J\nevil" * 50).SerializeToString())
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


class _Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return os.abort, ()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\xff" * 100,
        b"#!/bin/sh\nrm -rf /\n",
        b"RIFF\x00\x00\x00\x00WAVE",
        b'{"a": 1}',
        pickle.dumps(_Bomb()),
        _zip(),
        GOOD * 2,
        GOOD + b"\x00",
        b"\x08\x08" * 400_000,
        b"\x3a\xff\xff\xff\xff\x0f",
        b"\xbb\x01" * 1000,
    ],
    ids=[
        "empty",
        "zero",
        "ones",
        "script",
        "wav",
        "json",
        "pickle",
        "zip",
        "twice",
        "tail",
        "many",
        "lying length",
        "groups",
    ],
)
def test_other_files_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(data)
    start = time.process_time()
    with pytest.raises(UnreadableInputError):
        OnnxEngine.from_file(path)
    assert time.process_time() - start < 2.0


def test_only_regular_files_of_a_sane_size_are_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError):
        read_model(tmp_path)
    with pytest.raises(UnreadableInputError):
        read_model(Path("/dev/zero"))
    with pytest.raises(UnreadableInputError):
        read_model(Path("a\0b.onnx"))
    fifo = tmp_path / "pipe.onnx"
    os.mkfifo(fifo)
    with pytest.raises(UnreadableInputError, match="regular"):
        read_model(fifo)
    loop = tmp_path / "loop.onnx"
    loop.symlink_to(loop)
    with pytest.raises(UnreadableInputError):
        read_model(loop)
    big = tmp_path / "big.onnx"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ResourceLimitError):
        read_model(big)


def test_every_truncation_is_refused() -> None:
    for length in [*range(0, 400), *range(400, len(GOOD), 97)]:
        with pytest.raises(UnreadableInputError):
            OnnxEngine.from_bytes(GOOD[:length])


def test_flipped_bits_never_crash() -> None:
    """Most flips hit weights and change numbers only; those that hit structure are refused, none escapes."""
    rng = np.random.default_rng(7)
    structure = [place for place in range(len(GOOD)) if place < 1500 or place > len(GOOD) - 4000]
    refused = 0
    for place in rng.choice(structure, 250, replace=False):
        data = bytearray(GOOD)
        data[place] ^= 1 << int(rng.integers(8))
        try:
            OnnxEngine.from_bytes(bytes(data)).outputs(np.zeros((3, 104), dtype=np.float32))
        except (UnreadableInputError, ResourceLimitError):
            refused += 1
    assert refused > 50


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300))
def test_random_bytes_are_refused_or_walked(data: bytes) -> None:
    with pytest.raises(BeatomizerError):
        OnnxEngine.from_bytes(data)


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(GOOD) - 1), inserted=st.binary(max_size=8), removed=st.integers(0, 8))
def test_spliced_models_raise_nothing_else(place: int, inserted: bytes, removed: int) -> None:
    with contextlib.suppress(BeatomizerError):
        check_model(GOOD[:place] + inserted + GOOD[place + removed :])


def test_the_guard_reads_what_the_onnx_package_reads() -> None:
    for make in (scores_model, ring_model, rgb_model):
        model = make()
        checked = check_model(model.SerializeToString())
        assert checked.metadata == {prop.key: prop.value for prop in model.metadata_props}
        for ports, infos in ((checked.inputs, model.graph.input), (checked.outputs, model.graph.output)):
            assert [port.name for port in ports] == [info.name for info in infos]
            for port, info in zip(ports, infos):
                dims = info.type.tensor_type.shape.dim
                assert port.shape == tuple(d.dim_value if d.HasField("dim_value") else None for d in dims)
                assert port.dtype == info.type.tensor_type.elem_type


def test_a_function_of_the_file_itself_is_allowed() -> None:
    model = good()
    model.functions.append(function_with(helper.make_node("Identity", ["x"], ["y"])))
    model.opset_import.append(helper.make_opsetid("own", 1))
    first = model.graph.node[0]
    model.graph.node.insert(0, helper.make_node("F", ["frames"], ["same"], domain="own"))
    first = model.graph.node[1]
    first.input[0] = "same"
    OnnxEngine.from_bytes(model.SerializeToString())


def test_a_pinned_hash_must_match(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(GOOD)
    digest = read_model(path).sha256
    assert read_model(path, sha256=digest.upper()).data == GOOD
    with pytest.raises(UnreadableInputError, match="SHA-256"):
        read_model(path, sha256="0" * 64)


@given(number=st.integers(0, 2**64 - 1))
def test_varints_round_trip(number: int) -> None:
    encoded, rest = bytearray(), number
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    assert read_varint(memoryview(bytes(encoded)), 0) == (number, len(encoded))


@pytest.mark.parametrize("data", [b"\x80", b"\x80" * 10 + b"\x01", b"\xff" * 9 + b"\x02", b""])
def test_bad_varints_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        read_varint(memoryview(data), 0)


def test_nesting_has_an_end() -> None:
    schemas = {"Doll": Schema("Doll", messages={1: ("inside", "Doll")})}
    data = b""
    for _ in range(60):
        length = len(data)
        size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
        data = b"\x0a" + size + data
    with pytest.raises(WireError, match="deep"):
        Reader(schemas).read(memoryview(data), "Doll")
