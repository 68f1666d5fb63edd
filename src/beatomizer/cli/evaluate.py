"""``beatomizer evaluate``: measure models beside reference rows."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beatomizer.evaluation.evaluate import Evaluation

HELP = "measure models beside reference rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``evaluate`` takes."""
    parser.add_argument("--data", required=True, metavar="SHARDS", help="a set made by 'dataset build'")
    parser.add_argument(
        "--model",
        required=True,
        nargs="+",
        action="extend",
        metavar="RUN|FILE.onnx|NAME",
        help="run folders, model files or names of engines",
    )
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="where results and pictures go")
    parser.add_argument(
        "--split", default="test", choices=("test", "validation", "train"), help="which clips (default test)"
    )
    parser.add_argument("--clips", type=_positive, metavar="N", help="at most so many clips")
    parser.add_argument(
        "--songs",
        nargs="+",
        default=[],
        metavar="FILE",
        help="whole songs to light: intensity graph and metrics",
    )
    parser.add_argument(
        "--estimate-beats",
        action="store_true",
        help="where no beats are known, measure against those of the classical tracker",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of random rows and intervals (default 0)"
    )
    parser.add_argument("--no-pictures", action="store_true", help="numbers only")
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")
    parser.add_argument("--json", action="store_true", help="print results.json instead of the summary")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, and say where the results are."""
    from datetime import UTC, datetime

    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.evaluation.evaluate import Wishes, evaluate

    wishes = Wishes(
        split=arguments.split,
        estimate_beats=arguments.estimate_beats,
        clips=arguments.clips,
        songs=tuple(Path(name) for name in arguments.songs),
        seed=arguments.seed,
        pictures=not arguments.no_pictures,
        command=" ".join(["beatomizer", *sys.argv[1:]]),
        made_on=datetime.now(UTC).date().isoformat(),
    )
    done = evaluate(
        Path(arguments.data),
        arguments.model,
        Path(arguments.output),
        wishes,
        bars_if_terminal(arguments.quiet),
    )
    if arguments.json:
        print(done.results.text(), end="")
    elif not arguments.quiet:
        print(spoken(done))
    return 0


SHOWN = ("light_beat_f1", "loudness_r_4s", "onset_r", "grey_share", "effective_hues")


def spoken(done: "Evaluation") -> str:
    """A few columns for a person, and where the rest is."""
    from beatomizer.evaluation.markdown import ONE_TAKE, plain

    width = max(len(row["name"]) for row in done.results.rows)
    heads = ("cosine", "skill", "beat F1", "loud r", "onset r", "grey", "hues", "AUC", "combined")
    lines = [f"{'':{width}}  " + " ".join(f"{head:>8}" for head in heads)]
    for row in done.results.rows:
        lines.append(f"{row['name']:{width}}  " + " ".join(f"{plain(v):>8}" for v in _columns(row)))
    lines += ["beat F1 is above chance; cosine means nothing without the row of constant grey"]
    if done.results.facts["data"]["takes"] == 1:
        lines.append(ONE_TAKE[0].lower() + ONE_TAKE[1:-1])
    lines += [f"wrote {path}" for path in done.files if path.name.startswith("results.")]
    lines.append(f"      and {len(done.files) - 2} pictures beside them")
    return "\n".join(lines)


def _columns(row: dict[str, Any]) -> list[float | None]:
    values = [row["values"]["cosine"]["mean"], row["skill"]["mean"]]
    values += [row["values"][name]["mean"] for name in SHOWN]
    return [*values, row["belonging"]["auc"]["mean"], row["combined"]["score"]]
