"""The guard at the door for model files: what is let in is one self-contained file of standard operators.

A model is a program from a stranger. It could name other files to be read as weights (CVE-2022-25882 and
CVE-2024-27318 are that, in the ``onnx`` package), ask for operators from a library, or claim sizes that fill the
memory. All of it is looked for in the bytes themselves, before any runtime sees them, and the runtime gets the very
bytes that were looked at, without a path to resolve others against.
"""

import hashlib
import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from beatomizer.errors import ResourceLimitError, UnreadableInputError, one_line
from beatomizer.inference.onnx_schema import SCHEMAS
from beatomizer.inference.wire import Message, Reader, WireError

MAX_BYTES = 64 * 2**20
"""The shipped models together are at most 20 MB; three times that is still a model for a CPU."""
MAX_TENSOR_BYTES = 4 * MAX_BYTES
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
IR_VERSIONS = range(4, 14)
"""From the version that made initializers no inputs, to the newest that the schema covers."""

FLOAT = 1
_ITEM_BYTES = {
    1: 4,
    2: 1,
    3: 1,
    4: 2,
    5: 2,
    6: 4,
    7: 8,
    9: 1,
    10: 2,
    11: 8,
    12: 4,
    13: 8,
    14: 8,
    15: 16,
    16: 2,
}
"""``TensorProto.DataType`` → bytes of one element, for ``raw_data``."""


@dataclass(frozen=True)
class Port:
    """An input or output of a model.

    Attributes:
        name: as in the graph.
        dtype: ``TensorProto.DataType``; 1 is float32.
        shape: each size, or ``None`` where it is free.
    """

    name: str
    dtype: int
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class CheckedModel:
    """A model file that may be run.

    Attributes:
        data: the bytes that were checked.
        name: the file's name, for messages.
        sha256: of ``data``, in hexadecimal.
        inputs, outputs: what the graph takes and gives.
        metadata: its ``metadata_props``.
    """

    data: bytes
    name: str
    sha256: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: dict[str, str]


def read_model(path: Path, *, sha256: str | None = None) -> CheckedModel:
    """Read and check a model file.

    Args:
        path: a regular file.
        sha256: what its hash must be, if it is pinned.

    Raises:
        UnreadableInputError: missing, not a regular file, not ONNX, or not trusted.
        ResourceLimitError: larger than ``MAX_BYTES``.
    """
    return check_model(_read(path), path.name, sha256=sha256)


def check_model(data: bytes, name: str = "model", *, sha256: str | None = None) -> CheckedModel:
    """Check the bytes of a model file; errors as for ``read_model``."""
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and digest != sha256.lower():
        raise UnreadableInputError(
            f"'{name}' is not the model that was released (its SHA-256 differs)", "install the program again"
        )
    _refuse_lookalikes(data, name)
    try:
        model = Reader(SCHEMAS).read(memoryview(data), "ModelProto")
        graph = _refuse_unusual(model)
        metadata = _metadata(model)
        inputs = tuple(_port(port) for port in graph.messages("input"))
        outputs = tuple(_port(port) for port in graph.messages("output"))
    except WireError as error:
        raise UnreadableInputError(
            f"'{one_line(name, 80)}' is not a model this program trusts ({error})",
            "export it again, as one file",
        ) from error
    return CheckedModel(data, name, digest, inputs, outputs, metadata)


def _read(path: Path) -> bytes:
    try:
        # Not blocking: opening a pipe would wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):
                raise UnreadableInputError(f"'{path}' is not a regular file", "name a model file (.onnx)")
            if facts.st_size > MAX_BYTES:
                raise _too_large(path.name)
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableInputError(
            f"cannot read the model '{path}' ({reason})", "check the path, or name an engine"
        ) from error


def _too_large(name: str) -> ResourceLimitError:
    return ResourceLimitError(f"'{name}' is larger than {MAX_BYTES // 2**20} MiB", "export a smaller model")


def _refuse_lookalikes(data: bytes, name: str) -> None:
    """Say kindly what the most likely wrong files are."""
    if not data:
        raise UnreadableInputError(f"'{name}' is empty", "export the model again")
    if data[:1] == b"\x80" or data[:4] == b"PK\x03\x04":
        raise UnreadableInputError(
            f"'{name}' is a pickle or a zip, not ONNX, and is never opened",
            "export the checkpoint to .onnx first",
        )


def _refuse_unusual(model: Message) -> Message:
    """The graph, if everything in the file is of the usual kind."""
    if model.number("ir_version") not in IR_VERSIONS:
        raise WireError(f"its IR version is {model.number('ir_version')}")
    graph = model.message("graph")
    if graph is None:
        raise WireError("it holds no graph")
    own = {(function.text("domain"), function.text("name")) for function in model.messages("functions")}
    own_domains = {domain for domain, _ in own}
    for message in model.walk():
        match message.schema:
            case "TensorProto":
                _refuse_odd_tensor(message)
            case "NodeProto":
                domain, op = message.text("domain"), message.text("op_type")
                if domain not in DOMAINS and (domain, op) not in own:
                    raise WireError(
                        f"operator '{one_line(op, 40)}' is of the domain '{one_line(domain, 40)}'"
                    )
            case "OperatorSetIdProto":
                domain = message.text("domain")
                if domain not in DOMAINS and domain not in own_domains:
                    raise WireError(f"it needs operators of the domain '{one_line(domain, 40)}'")
    return graph


def _refuse_odd_tensor(tensor: Message) -> None:
    if tensor.number("data_location") != 0 or tensor.messages("external_data"):
        raise WireError("its weights lie in another file")
    if tensor.message("segment") is not None:
        raise WireError("a tensor is given in segments")
    dims = tensor.numbers("dims")
    if any(size < 0 for size in dims):
        raise WireError("a tensor has a negative size")
    item = _ITEM_BYTES.get(tensor.number("data_type"), 1)
    claimed = math.prod(dims) * item
    if claimed > MAX_TENSOR_BYTES:
        raise WireError("a tensor claims to be enormous")
    if "raw_data" in tensor.fields and tensor.number("data_type") in _ITEM_BYTES:
        given = len(tensor.raw("raw_data"))
        if given != claimed:
            raise WireError(f"a tensor of {claimed} bytes comes with {given}")


def _metadata(model: Message) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for pair in model.messages("metadata_props"):
        key = pair.text("key")
        if key in metadata:
            raise WireError(f"the metadata key '{one_line(key, 40)}' comes twice")
        metadata[key] = pair.text("value")
    return metadata


def _port(info: Message) -> Port:
    name, kind = info.text("name"), info.message("type")
    tensor = kind.message("tensor_type") if kind is not None else None
    if tensor is None:
        raise WireError(f"'{one_line(name, 40)}' is not a tensor")
    shape = tensor.message("shape")
    if shape is None:
        raise WireError(f"'{one_line(name, 40)}' has no shape")
    sizes = []
    for dim in shape.messages("dim"):
        size = dim.number("dim_value") if "dim_value" in dim.fields else None
        if size is not None and not 0 <= size < 1 << 31:
            raise WireError(f"'{one_line(name, 40)}' has an impossible shape")
        sizes.append(size)
    return Port(name, tensor.number("elem_type"), tuple(sizes))
