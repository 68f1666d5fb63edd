"""A recurrence written once: a plain loop while training and in use, one ``Scan`` node in an exported graph."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Carry: TypeAlias = tuple[Tensor, ...]
Step: TypeAlias = Callable[[Carry, Carry], tuple[Carry, Tensor]]


def walk(step: Step, carry: Carry, given: Carry) -> Tensor:
    """Call ``carry, out = step(carry, given of this step)`` along the first axis; all ``out``, ``[U, …]``.

    Args:
        step: what happens at each step; it must not change anything in place.
        carry: the state before the first step.
        given: tensors ``[U, …]``, one row of each for every step.
    """
    if torch.compiler.is_exporting():
        from torch._higher_order_ops.scan import scan  # the only operator that exports to ONNX's Scan

        _, (outs,) = scan(lambda state, row: _as_tuples(*step(state, row)), carry, given)
        return torch.as_tensor(outs)
    outputs = []
    for row in zip(*(tensor.unbind(0) for tensor in given)):
        carry, out = step(carry, row)
        outputs.append(out)
    return torch.stack(outputs)


def _as_tuples(carry: Carry, out: Tensor) -> tuple[Carry, tuple[Tensor]]:
    """What ``scan`` wants: no output may share memory with a state."""
    return carry, (out.clone(),)
