"""A long song through a model in pieces, exactly as the line's engine hears it (``inference/onnx_engine.py``).

So a run judged with torch and its model file judged without give the same light.
"""

import numpy as np
import torch

from beatomizer.arrays import F32
from beatomizer.models.colour_model import ColourModel


def light_of(model: ColourModel, frames: F32) -> F32:
    """Input ``[T, F]``, T ≥ 1 → sRGB float32 ``[T, Z, 3]``, 0..1.

    Pieces overlap by the model's context and lookahead; only their middles are kept. The model must be in ``eval``
    mode.
    """
    if model.training:
        raise ValueError("the model is in training mode; call model.eval() first")
    past, future, chunk = model.context_frames, model.lookahead_frames, model.chunk_frames
    step = chunk - past - future if chunk else len(frames)
    device = next(model.parameters()).device
    parts = []
    for start in range(0, len(frames), step):
        low, high = max(0, start - past), min(len(frames), start + step + future)
        piece = torch.from_numpy(np.ascontiguousarray(frames[None, low:high], dtype=np.float32))
        with torch.no_grad():
            rgb = model(piece.to(device))[0].cpu().numpy()
        parts.append(rgb[start - low : min(start + step, len(frames)) - low])
    return np.concatenate(parts)
