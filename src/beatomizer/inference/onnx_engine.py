"""Trained models, whole songs: features in, scores or colour out, in one run or in chunks of bounded memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32
from beatomizer.errors import UnreadableInputError
from beatomizer.features.features import Features
from beatomizer.inference.engine import Heard, RawLight, Scores
from beatomizer.inference.model_card import INPUT, SLICES, ModelCard, read_card
from beatomizer.inference.onnx_guard import CheckedModel, check_model, read_model
from beatomizer.inference.onnx_session import Session
from beatomizer.inference.onnx_stream import StreamingOnnxEngine, checked_outputs
from beatomizer.timebase import FPS

STREAM_CHUNK_FRAMES = 3600
"""A streaming model hears a whole song a minute at a time: the same numbers, and memory does not grow."""

LONG_FRAMES, LONG_CHUNK_FRAMES = 3600 * FPS, 9_000
"""Songs of over an hour fill most of the memory themselves: they are heard in pieces of half the usual size, which
gives the same numbers for half as much work again."""


class OnnxEngine:
    """An engine from a model file.

    Attributes:
        name: the model's own name.
        look: ``"follower"`` if the model streams and tells tempo and place in the beat (as the shipped ``live``): its
            shows are made from the past alone. Else ``"director"``, with the whole song in view.
        card: what the file says about itself.
    """

    def __init__(self, model: CheckedModel, *, name: str | None = None) -> None:
        self.card: ModelCard = read_card(model)
        self.name = name or self.card.name
        tells = {port.name for port in model.outputs}
        self.look = "follower" if self.card.streams and {"tempo", "phase"} <= tells else "director"
        self._model = model
        self._session = Session(model)

    @classmethod
    def from_file(cls, path: Path, *, sha256: str | None = None, name: str | None = None) -> "OnnxEngine":
        """Read, check and load a model file; see ``onnx_guard.read_model`` for the errors."""
        return cls(read_model(path, sha256=sha256), name=name)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "model") -> "OnnxEngine":
        """Check and load the bytes of a model file."""
        return cls(check_model(data, name))

    def stream(self) -> StreamingOnnxEngine:
        """A fresh listener for live sound.

        Raises:
            UnreadableInputError: the model needs the future or has no state.
        """
        return StreamingOnnxEngine(self._session, self._model, self.card)

    def listen(self, features: Features) -> Heard:
        """Hear a whole song.

        Raises:
            UnreadableInputError: the features are not those of the model, or it answers nonsense.
        """
        outputs = self.outputs(self._frames(features))
        if self.card.kind == "rgb":
            return RawLight(_within(outputs["rgb"]))
        scores = {name: _within(values) for name, values in outputs.items() if not name.startswith("extra_")}
        return Scores(**scores)

    def outputs(self, frames: F32) -> dict[str, F32]:
        """All outputs for ``[T, F]``, each ``[T, …]``, moved back by the model's latency."""
        latency, count = self.card.latency_frames, len(frames)
        if latency:
            quiet = np.repeat(frames[-1:], latency, axis=0) if count else frames
            frames = np.concatenate([frames, quiet])
        if count == 0:
            raise UnreadableInputError("there is nothing to hear", "give at least one frame")
        whole: dict[str, F32] = {}
        at = 0
        for part in self._streamed(frames) if self.card.state != "none" else self._chunked(frames):
            whole = whole or {
                name: np.empty((len(frames), *value.shape[1:]), dtype=np.float32)
                for name, value in part.items()
            }
            end = at + len(next(iter(part.values())))
            for name, value in part.items():
                whole[name][at:end] = value
            at = end
        return {name: value[latency:] for name, value in whole.items()}

    def _frames(self, features: Features) -> F32:
        if self.card.features == SLICES:
            return features.slices
        if features.settings != self.card.features:
            raise UnreadableInputError(
                f"the features are '{features.settings}', the model needs '{self.card.features}'",
                "extract them again with this version",
            )
        return features.frames

    def _streamed(self, frames: F32) -> Iterator[dict[str, F32]]:
        stream = self.stream()
        for start in range(0, len(frames), STREAM_CHUNK_FRAMES):
            yield stream.push(frames[start : start + STREAM_CHUNK_FRAMES])

    def _chunked(self, frames: F32) -> Iterator[dict[str, F32]]:
        """Runs that overlap by what an output depends on; only the middles are kept. Colour fades at the seams."""
        card, count, begin = self.card, len(frames), 0
        around = card.context_frames + card.lookahead_frames
        fade = around // 4 if card.kind == "rgb" else 0
        chunk = card.chunk_frames
        if count > LONG_FRAMES and around + fade < LONG_CHUNK_FRAMES:
            chunk = min(chunk, LONG_CHUNK_FRAMES)
        before: dict[str, F32] = {}
        for low, high in _pieces(count, chunk, chunk - around - fade):
            part = np.ascontiguousarray(frames[None, low:high])
            values = self._session.run({INPUT: part}, self._model.outputs)
            heard = checked_outputs(values, card, high - low)
            last = begin - low + fade
            for name, old in before.items():
                heard[name] = np.concatenate(
                    [_faded(old, heard[name][begin - low : last]), heard[name][last:]]
                )
            end = count if high == count else high - card.lookahead_frames - fade
            skip = begin - low if not before else 0
            yield {name: value[skip : skip + end - begin] for name, value in heard.items()}
            before = {name: value[skip + end - begin :][:fade] for name, value in heard.items()}
            begin = end


def _within(values: F32) -> F32:
    """The same array, cut to 0..1 in place: of a long song a copy is a hundred megabytes."""
    return np.clip(values, 0.0, 1.0, out=values)


def _pieces(count: int, chunk: int, step: int) -> list[tuple[int, int]]:
    """First frame and end of each piece; as ``models/pieces.py``, where a song is heard the same way.

    What fits into one chunk is one piece; the last of several is moved inwards to be as long as the others.
    """
    if not chunk or count <= chunk:
        return [(0, count)]
    return [(low, low + chunk) for low in (*range(0, count - chunk, step), count - chunk)]


def _faded(before: F32, after: F32) -> F32:
    """``[n, …]`` of two pieces: from the one to the other."""
    share = np.arange(1, len(before) + 1, dtype=np.float32) / np.float32(len(before) + 1)
    share = share.reshape(-1, *[1] * (before.ndim - 1))
    return np.asarray((1 - share) * before + share * after, dtype=np.float32)
