"""``beatomizer doctor``: what is installed, what is missing, how to get it."""

import argparse
import importlib
import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

HELP = "say what is installed, what is missing and how to get it"

CORE = ("numpy", "onnxruntime", "av", "soxr", "PIL", "zstandard", "tqdm")
TRAIN = (
    "torch",
    "lightning_fabric",
    "safetensors",
    "onnx",
    "onnxscript",
    "optuna",
    "tensorboard",
    "matplotlib",
    "mir_eval",
    "yt_dlp",
)
EXTRAS = {
    "train": (TRAIN, "data sets from the web, training, evaluation, search, export"),
    "cluster": (("distributed",), "data sets built by many machines"),
    "live": (("sounddevice",), "sound card in and out"),
    "lights": (("zeroconf", "serial"), "lights found by name, serial lights"),
    "studio": (("starlette", "uvicorn", "websockets"), "the studio in the browser"),
}

ENCODERS = {"libx264": "video", "aac": "sound of a video", "flac": "the demo's song, training clips"}


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, whether it is there, what was seen or what to do."""

    what: str
    state: str
    detail: str

    @property
    def broken(self) -> bool:
        """Whether a part that every show needs is missing."""
        return self.state in ("MISSING", "BROKEN")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``doctor`` takes nothing of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print the report; 0 if the core is whole, 1 if not."""
    findings = list(examine())
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"{finding.what:<{width}}  {finding.state:<8} {finding.detail}")
    broken = any(finding.broken for finding in findings)
    print("Something that every show needs is missing." if broken else "Ready: try 'beatomizer demo'.")
    return 1 if broken else 0


def examine() -> Iterator[Finding]:
    """Look at everything a show may need."""
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _version("beatomizer", "beatomizer")
    for name in CORE:
        yield _package(name)
    yield from _encoders()
    yield from _models()
    for extra, (packages, purpose) in EXTRAS.items():
        yield _extra(extra, packages, purpose)
    yield from _sound()
    free_gb = shutil.disk_usage(".").free / 1e9
    yield Finding(
        "disk here",
        "ok" if free_gb > 1 else "low",
        f"{free_gb:.1f} GB free; a 4-minute video takes about 0.1 GB",
    )


def _sound() -> Iterator[Finding]:
    """What can be heard and played, and how to hear what the computer plays."""
    from beatomizer.audio.capture.find import listed
    from beatomizer.audio.capture.portaudio import portaudio
    from beatomizer.audio.capture.pulse import has_pulse, recorder
    from beatomizer.errors import BeatomizerError

    try:
        found = portaudio().query_devices()
    except BeatomizerError as error:
        yield Finding("sound cards", "optional", f"{error.problem}: {error.hint}")
    else:
        names = [str(facts["name"]) for facts in found if facts["max_output_channels"] > 0]
        yield Finding(
            "sound cards", "ok" if names else "none", ", ".join(names[:4]) or "play needs one, or --no-audio"
        )
    if sys.platform == "darwin":
        how = "install BlackHole (a loopback driver), send the sound to it, then live --source BlackHole"
        yield Finding("computer's sound", "by hand", how)
    elif sys.platform == "win32":
        how = "enable 'Stereo Mix' in the recording devices, or install VB-CABLE, then live --source with its name"
        yield Finding("computer's sound", "by hand", how)
    elif not has_pulse():
        yield Finding(
            "computer's sound", "optional", "apt install pulseaudio-utils (pactl and parec), for live"
        )
    else:
        monitors = [
            line.split()[1 if line.startswith("*") else 0] for line in listed() if "computer plays" in line
        ]
        said = ", ".join(monitors[:3]) or f"no sound server answers; {recorder()} is ready for one"
        yield Finding("computer's sound", "ok" if monitors else "none", said)


def _package(name: str) -> Finding:
    distribution = {"PIL": "pillow"}.get(name, name)
    try:
        importlib.import_module(name)
    except ImportError as error:
        return Finding(distribution, "MISSING", f"{error}; {sys.executable} -m pip install {distribution}")
    return _version(distribution, distribution)


def _version(what: str, distribution: str) -> Finding:
    try:
        return Finding(what, "ok", importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return Finding(what, "ok", "run from its source, not installed")


def _encoders() -> Iterator[Finding]:
    try:
        import av
    except ImportError:
        return
    for codec, purpose in ENCODERS.items():
        there = codec in av.codecs_available
        yield Finding(
            f"encoder {codec}", "ok" if there else "MISSING", purpose if there else f"{purpose}: reinstall av"
        )


def _models() -> Iterator[Finding]:
    """Whether each shipped model is the file that was released, and fits."""
    from beatomizer.errors import BeatomizerError
    from beatomizer.inference.models import SHIPPED_MODELS, load_shipped

    for name in SHIPPED_MODELS:
        try:
            load_shipped(name)
        except ImportError:
            return  # told above
        except BeatomizerError as error:
            yield Finding(f"model {name}", "BROKEN", f"{error}; reinstall beatomizer")
        else:
            yield Finding(f"model {name}", "ok", "shipped with this version")


def _extra(extra: str, packages: tuple[str, ...], purpose: str) -> Finding:
    from importlib.util import find_spec

    from beatomizer.errors import install_line

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        how = f"{install_line(extra)} for {', '.join(missing)}"
        return Finding(f"[{extra}]", "optional", f"{purpose}: {how}")
    return Finding(f"[{extra}]", "ok", purpose)
