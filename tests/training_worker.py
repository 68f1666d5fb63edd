"""Trainings in processes of their own, to be killed, to be starved of disk, or to work in pairs.

The processes are forked from a server that has imported torch and done nothing with it: quick to start, and alone.
"""

import multiprocessing
import os
import resource
import socket
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PRELOADED = [
    "beatomizer.training.loop",
    "lightning_fabric",
    "torch._dynamo",  # the optimisers import it when they are made
    "torch.utils.tensorboard",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
]

SMALL = [
    "train.threads=1",
    "train.batch_size=2",
    "model.channels=[2, 2, 2, 2]",
    "model.dense=[4, 4, 4]",
    "model.norm=none",
    "data.crop_frames=60",
    "optimiser.warmup_steps=2",
]
"""A cnn of a moment."""


def small_training(
    shards: Path, run: Path, settings: list[str], environment: dict[str, str] | None = None
) -> None:
    """Train a small cnn; what goes wrong is a traceback and exit code 1."""
    from beatomizer.training.loop import train
    from beatomizer.training.recipe import with_settings
    from beatomizer.training.recipe_file import find_recipe

    os.environ.update(environment or {})
    train(
        "cnn", [shards], run, with_settings(find_recipe(None, "cnn"), [*SMALL, *settings]), accelerator="cpu"
    )


def starved_training(shards: Path, run: Path, settings: list[str], file_bytes: int, report: Path) -> None:
    """The same where no file may grow beyond ``file_bytes``; the name and text of the error go to ``report``."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    try:
        small_training(shards, run, settings)
    except Exception as error:
        report.write_text(f"{type(error).__name__}: {error}")


def started(*arguments: object, work: object = small_training) -> ForkServerProcess:
    """The process that does ``work(*arguments)``, running."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=work, args=arguments)
    process.start()
    return process


def pair_environment() -> list[dict[str, str]]:
    """What ``torchrun --nproc-per-node 2`` tells its processes, on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    shared |= {
        "TORCHELASTIC_RUN_ID": "test",
        "GROUP_RANK": "0",
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
    }
    return [{**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(2)]
