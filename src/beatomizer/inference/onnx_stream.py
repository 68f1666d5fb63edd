"""Trained models, live: frames in as they come, outputs out, the past kept between calls."""

import numpy as np

from beatomizer.arrays import F32
from beatomizer.errors import UnreadableInputError, one_line
from beatomizer.inference.model_card import INPUT, NEXT, ModelCard, expected_shape
from beatomizer.inference.onnx_guard import CheckedModel
from beatomizer.inference.onnx_session import Session

LONGEST_PUSH_FRAMES = 3600
LIVE_FRAMES = 8
"""Runs of so few frames are taken for live steps."""


class StreamingOnnxEngine:
    """Follows live sound. ``push`` gives for any cutting of the stream what the whole song gives at once.

    Outputs come with the model's latency: row ``t`` speaks of frame ``t - card.latency_frames``.

    Args:
        session: the loaded model.
        model: its file, checked.
        card: its metadata.

    Raises:
        UnreadableInputError: the model needs the future, or keeps no past.
    """

    def __init__(self, session: Session, model: CheckedModel, card: ModelCard) -> None:
        if not card.streams:
            raise UnreadableInputError(
                f"the model '{one_line(card.name, 80)}' hears whole songs only",
                "use a streaming model for live",
            )
        self.card = card
        self._session = session
        self._outputs = model.outputs
        self._state = {
            port.name: np.zeros([size or 0 for size in port.shape], dtype=np.float32) for port in card.states
        }
        past = card.context_frames if card.state == "ring" else 0
        self._ring = np.zeros((past, card.width), dtype=np.float32)
        self._heard = 0

    def push(self, frames: F32) -> dict[str, F32]:
        """``[t, F]`` → each output ``[t, …]``, t ≥ 1.

        Raises:
            UnreadableInputError: wrong width, or the model answers nonsense.
        """
        if frames.ndim != 2 or frames.shape[1] != self.card.width or len(frames) == 0:
            raise UnreadableInputError(
                f"the model takes frames [t, {self.card.width}], not {list(frames.shape)}",
                "feed it its own features",
            )
        size = self.card.step_frames or LONGEST_PUSH_FRAMES
        parts = [self._step(frames[start : start + size]) for start in range(0, len(frames), size)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _step(self, frames: F32) -> dict[str, F32]:
        known = min(self._heard, len(self._ring))
        joined = np.concatenate([self._ring[len(self._ring) - known :], frames]) if known else frames
        feed = {INPUT: np.ascontiguousarray(joined[None], dtype=np.float32), **self._state}
        values = self._session.run(feed, self._outputs, watched=len(frames) > LIVE_FRAMES)
        state = {name: values.pop(name + NEXT) for name in self._state}
        for name, value in state.items():
            if value.shape != self._state[name].shape:
                raise UnreadableInputError(
                    f"the model's state '{one_line(name, 40)}' changed its shape", "export it again"
                )
        heard = checked_outputs(values, self.card, len(joined))
        self._state = state
        self._heard += len(frames)
        if len(self._ring):
            self._ring = np.concatenate([self._ring, frames])[len(frames) :]
        return {name: value[known:] for name, value in heard.items()}


def checked_outputs(values: dict[str, F32], card: ModelCard, frames: int) -> dict[str, F32]:
    """Outputs without the batch axis, ``[T, …]``, if their shapes are those of the contract.

    Raises:
        UnreadableInputError: they are not.
    """
    heard = {}
    for name, value in values.items():
        wanted = expected_shape(card, name)
        if wanted is None:
            continue
        shape = value.shape
        exact = (1, frames, *wanted[2:])
        fits = shape[:2] == exact[:2] if name.startswith("extra_") else shape == exact
        if not fits:
            raise UnreadableInputError(
                f"the model's output '{one_line(name, 40)}' is {list(shape)}, not {list(exact)}",
                "export it again",
            )
        heard[name] = value[0]
    return heard
