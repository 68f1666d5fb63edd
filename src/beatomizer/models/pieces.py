"""A long song through a model in pieces, exactly as the line's engine hears it (``inference/onnx_engine.py``).

So a run judged with torch and its model file judged without give the same light.
"""

import numpy as np
import torch

from beatomizer.arrays import F32
from beatomizer.color import linear_to_srgb, srgb_to_linear
from beatomizer.models.colour_model import ColourModel


def light_of(model: ColourModel, frames: F32) -> F32:
    """Input ``[T, F]``, T ≥ 1 → sRGB float32 ``[T, Z, 3]``, 0..1.

    What fits into one chunk is heard in one piece. Pieces of longer songs overlap by the model's context and lookahead
    and a quarter of that, over which the light fades from one to the next, linear in linear light; the last piece is
    moved inwards to be as long as the others. The model must be in ``eval`` mode.
    """
    if model.training:
        raise ValueError("the model is in training mode; call model.eval() first")
    count, around = len(frames), model.context_frames + model.lookahead_frames
    fade = around // 4
    light: F32 = np.zeros((count, model.zones, 3), dtype=np.float32)
    begin = 0
    for low, high in _pieces(count, model.chunk_frames, model.chunk_frames - around - fade):
        rgb = _heard(model, frames[low:high])
        rest = begin + fade if begin else 0
        end = count if high == count else high - model.lookahead_frames
        if begin:
            light[begin:rest] = _faded(light[begin:rest], rgb[begin - low : rest - low])
        light[rest:end] = rgb[rest - low : end - low]
        begin = end - fade
    return light


def _pieces(count: int, chunk: int, step: int) -> list[tuple[int, int]]:
    """First frame and end of each piece."""
    if not chunk or count <= chunk:
        return [(0, count)]
    return [(low, low + chunk) for low in (*range(0, count - chunk, step), count - chunk)]


def _heard(model: ColourModel, frames: F32) -> F32:
    piece = torch.from_numpy(np.ascontiguousarray(frames[None], dtype=np.float32))
    with torch.no_grad():
        rgb: F32 = model(piece.to(next(model.parameters()).device))[0].cpu().numpy()
    return rgb


def _faded(before: F32, after: F32) -> F32:
    """From one piece to the next: both are sRGB ``[n, Z, 3]``."""
    share = (np.arange(1, len(before) + 1) / (len(before) + 1))[:, None, None]
    first, second = srgb_to_linear(before.astype(np.float64)), srgb_to_linear(after.astype(np.float64))
    return linear_to_srgb((1.0 - share) * first + share * second).astype(np.float32)
