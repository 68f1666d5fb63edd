"""What an installation costs: packages and megabytes of the core, beside librosa + torch and LedFx.

    python benchmarks/footprint.py [--peers]

Each is installed into an empty environment with pip and measured on disk; ``--peers`` adds the two peers (minutes and
gigabytes; one that does not install here is reported as such).
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
CORE = {"beatomizer": [str(HERE)]}
PEERS = {"librosa + torch 2.13.0 (CPU)": ["librosa", "torch==2.13.0"], "ledfx": ["ledfx"]}


def installed(requirements: list[str]) -> tuple[int, float] | None:
    """Packages and MB that ``requirements`` bring; ``None`` if they do not install."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        python = str(venv / "bin" / "python")
        words = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-compile",
            *requirements,
        ]
        if subprocess.run(words, capture_output=True).returncode:
            return None
        site = next((venv / "lib").glob("python*/site-packages"))
        size = sum(file.lstat().st_size for file in site.rglob("*") if file.is_file())
        return len(list(site.glob("*.dist-info"))), size / 1e6


def main() -> None:
    """Install, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true")
    rows = CORE | (PEERS if parser.parse_args().peers else {})
    ours = 0.0
    for name, requirements in rows.items():
        found = installed(requirements)
        if found is None:
            print(f"{name:<30} does not install here with pip")
            continue
        packages, megabytes = found
        ours = ours or megabytes
        print(f"{name:<30} {packages:3d} packages {megabytes:7.0f} MB  {megabytes / ours:5.1f}x")


if __name__ == "__main__":
    main()
