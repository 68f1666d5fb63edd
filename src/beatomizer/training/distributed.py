"""Devices and processes, by Lightning Fabric: one processor, one GPU, or as many as ``torchrun`` has started."""

import os
from typing import Any

import torch

from beatomizer.errors import MissingExtraError, UsageError

PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed"}


def make_fabric(precision: str, accelerator: str = "auto") -> Any:
    """Fabric for this process: alone on the best device there is, or one of those that ``torchrun`` started.

    ``torchrun --nproc-per-node 4 -m beatomizer train …`` on one machine; on several also ``--nnodes``,
    ``--rdzv-backend c10d --rdzv-endpoint HOST:PORT``. NCCL among GPUs, gloo among processors.

    Args:
        precision: ``32`` or ``bf16``.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        UsageError: this machine, or this torch, has no such device.
        MissingExtraError: Fabric is not installed.
    """
    _check_there(accelerator)
    try:
        from lightning_fabric import Fabric
        from lightning_fabric.strategies import DDPStrategy
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Fabric(accelerator=accelerator, devices=1, precision=PRECISIONS[precision])
    fabric = Fabric(
        accelerator=accelerator,
        devices=here,
        num_nodes=world // here,
        strategy=DDPStrategy(process_group_backend="nccl" if _cuda(accelerator) else "gloo"),
        precision=PRECISIONS[precision],
    )
    fabric.launch()
    return fabric


def _check_there(accelerator: str) -> None:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(accelerator, True):
        raise UsageError(
            f"torch finds no '{accelerator}' device here", "leave --device out, or choose --device cpu"
        )


def _cuda(accelerator: str) -> bool:
    return accelerator in ("cuda", "gpu") or (accelerator == "auto" and torch.cuda.is_available())


def all_sums(fabric: Any, sums: dict[str, float]) -> dict[str, float]:
    """Each number summed over all processes; the names are the same in all."""
    if fabric.world_size == 1:
        return sums
    kind = torch.float32 if fabric.device.type == "mps" else torch.float64
    total = fabric.all_reduce(
        torch.tensor(list(sums.values()), dtype=kind, device=fabric.device), reduce_op="sum"
    )
    return dict(zip(sums, total.tolist()))
