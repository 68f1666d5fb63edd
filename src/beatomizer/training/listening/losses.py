"""How wrong a listener is, term by term.

Rare events (beats, bars, onsets) are judged tolerantly: an answer a frame or two beside the truth is right, and the
frames around an event are nobody's mistake (Foscarin et al., "Beat This!", 2024, shift-tolerant cross-entropy).
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from beatomizer.models.listening.heads import SLOW_FRAMES
from beatomizer.training.listening.excerpts import Batch

_TOLERANCE = {"beat": 2, "downbeat": 2, "onsets": 1}
_WORTH = {"beat": 6.0, "downbeat": 12.0, "onsets": 4.0, "boundary": 10.0}
"""How much more an event weighs than a frame without one."""

_SAME_AT, _SHARPNESS = 0.5, 8.0
"""Cosine of two vectors of material from which on they count as the same, and how sharply."""
_MOMENTS = 48
_SPECTRA = (32, 96, 256)
"""Frames of the windows in which the movement of light is compared: half a second to four."""


def loss_terms(said: Mapping[str, Tensor], batch: Batch) -> dict[str, Tensor]:
    """All terms, each a mean over what is known; 0 where nothing is."""
    inside, slow_inside = batch.inside, batch.inside[:, ::SLOW_FRAMES]
    beats = batch.knows_beats[:, None] * inside
    light = torch.sigmoid(said["light"][..., 0])
    lit = batch.knows_light[:, None] * inside
    terms = {
        "beat": tolerant(said["beat"][..., 0], batch.beat, beats, "beat"),
        "downbeat": tolerant(
            said["downbeat"][..., 0], batch.downbeat, batch.knows_bars[:, None] * inside, "downbeat"
        ),
        "onsets": sum(
            (
                tolerant(
                    said["onsets"][..., kind],
                    batch.onsets[..., kind],
                    batch.knows_onsets[:, None] * inside,
                    "onsets",
                )
                for kind in range(4)
            ),
            inside.new_zeros(()),
        )
        / 4,
        "boundary": _boundary(
            said["boundary"][..., 0], batch.boundary, batch.knows_sections[:, None] * inside
        ),
        "phase": _mean((torch.tanh(said["phase"]) - batch.phase).square().sum(dim=-1), beats),
        "energy": _mean(
            (torch.sigmoid(said["energy"][..., 0]) - batch.energy).abs(),
            batch.knows_energy[:, None] * slow_inside,
        ),
        "tempo": _mean(_cross(said["tempo"], batch.tempo), batch.knows_beats[:, None] * slow_inside),
        "part": _classes(said["part"], batch.part, batch.knows_sections),
        "look": _classes(said["look"], batch.look, batch.knows_light),
        "hue": _mean(_cross(said["hue"], batch.hue), batch.knows_light[:, None] * batch.hue.sum(dim=-1)),
        "material": material(said["material"], batch.letter, batch.knows_sections),
        "light": _mean((light - batch.light).abs(), lit),
        "spectral": spectra(light, batch.light, lit),
    }
    if "rgb" in said:
        linear = batch.rgb.clamp(0, 1)
        srgb = torch.where(
            linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp(min=1e-6) ** (1 / 2.4) - 0.055
        )
        terms["rgb"] = _mean((torch.sigmoid(said["rgb"]) - srgb).square().sum(dim=-1), lit)
    return terms


def weighted(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """The loss: the weighted sum of the terms."""
    parts = [weights[name] * term for name, term in terms.items() if weights.get(name, 0.0) > 0]
    return torch.stack(parts).sum()


def tolerant(logits: Tensor, truth: Tensor, weight: Tensor, kind: str) -> Tensor:
    """Shift-tolerant cross-entropy of rare events; ``[B, T]`` each. In units of a beat's worth: about 1 for no idea."""
    reach, worth = _TOLERANCE[kind], _WORTH[kind]
    near = functional.max_pool1d(logits[:, None], 2 * reach + 1, 1, reach)[:, 0]
    nobodys = functional.max_pool1d(truth[:, None], 4 * reach + 1, 1, 2 * reach)[:, 0]
    hit = -functional.logsigmoid(near) * truth * worth
    false = -functional.logsigmoid(-logits) * (1 - nobodys)
    return ((hit + false) * weight).sum() / (weight.sum() + 1.0) * 4.0


def _boundary(logits: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    worth = 1.0 + (_WORTH["boundary"] - 1.0) * truth
    each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return _mean(each * worth, weight) * 4.0


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / (weight.sum() + 1e-6)


def _cross(logits: Tensor, chances: Tensor) -> Tensor:
    return -(chances * logits.log_softmax(dim=-1)).sum(dim=-1)


def _classes(logits: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    each = functional.cross_entropy(logits.flatten(0, 1), truth.clamp(min=0).flatten(), reduction="none")
    return _mean(each, (known[:, None] * (truth >= 0)).flatten())


def material(vectors: Tensor, letters: Tensor, known: Tensor) -> Tensor:
    """Whether moments of one letter lie together, others apart: cross-entropy over pairs, both kinds weighing equally.

    Args:
        vectors: ``[B, U, 16]``, any length.
        letters: int64 ``[B, U]``, −1 unknown.
        known: ``[B]``.
    """
    step = max(1, vectors.shape[1] // _MOMENTS)
    unit = functional.normalize(vectors[:, ::step], dim=-1, eps=1e-6)
    letter = letters[:, ::step]
    logit = _SHARPNESS * (unit @ unit.transpose(1, 2) - _SAME_AT)
    same = (letter[:, :, None] == letter[:, None, :]).to(logit.dtype)
    valid = ((letter[:, :, None] >= 0) & (letter[:, None, :] >= 0)).to(logit.dtype) * known[:, None, None]
    each = functional.binary_cross_entropy_with_logits(logit, same, reduction="none")
    return 0.5 * (_mean(each, valid * same) + _mean(each, valid * (1 - same)))


def spectra(ours: Tensor, theirs: Tensor, weight: Tensor) -> Tensor:
    """Distance of the magnitude spectra of two lights ``[B, T]`` over several lengths of time.

    A pulse a frame late costs little, a missing pulse, another tempo or another height costs; so a listener that is
    not sure of the moment still pulses, where a distance frame by frame would teach it to glow.
    """
    total = ours.new_zeros(())
    for length in _SPECTRA:
        if ours.shape[1] < length:
            continue
        window = torch.hann_window(length, dtype=ours.dtype, device=ours.device)
        window = 2 * window / window.sum()
        mine, yours = (
            torch.fft.rfft((light * weight).unfold(1, length, length // 4) * window, dim=-1).abs()
            for light in (ours, theirs)
        )
        seen = weight.unfold(1, length, length // 4).mean(dim=-1)
        total = total + _mean((mine - yours).abs().mean(dim=-1), seen)
    return total


def against_teacher(said: Mapping[str, Tensor], taught: Mapping[str, Tensor], inside: Tensor) -> Tensor:
    """How far a student's answers are from a teacher's (logits both): cross-entropy with what the teacher believes."""
    slow_inside = inside[:, ::SLOW_FRAMES]
    total = inside.new_zeros(())
    for name, worth in (("beat", 4.0), ("downbeat", 6.0), ("onsets", 1.0), ("boundary", 6.0)):
        sure = torch.sigmoid(taught[name])
        each = functional.binary_cross_entropy_with_logits(said[name], sure, reduction="none") * (
            1 + worth * sure
        )
        total = total + _mean(each.mean(dim=-1), inside) * 2.0
    total = total + _mean(
        (torch.tanh(said["phase"]) - torch.tanh(taught["phase"])).square().sum(dim=-1), inside
    )
    light = (torch.sigmoid(said["light"]) - torch.sigmoid(taught["light"])).abs()[..., 0]
    energy = (torch.sigmoid(said["energy"]) - torch.sigmoid(taught["energy"])).abs()[..., 0]
    total = total + _mean(light, inside) + _mean(energy, slow_inside)
    for name in ("tempo", "part", "look", "hue"):
        total = total + 0.2 * _mean(_cross(said[name], taught[name].softmax(dim=-1)), slow_inside)
    return total
