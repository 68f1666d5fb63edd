"""The learning rate as a pure function of the step, and early stopping: both resume from a few plain numbers."""

import math
from dataclasses import dataclass

from beatomizer.training.recipe import OptimiserPart


@dataclass
class Patience:
    """What epochs without improvement have led to.

    Attributes:
        best: the best watched score so far (lower is better), infinity before the first.
        best_epoch: its epoch, from 1; 0 before the first.
        waited: epochs since then.
        factor: by which ``plateau`` has lowered the rate.
        plateau_waited: epochs without improvement since the rate was last lowered.
    """

    best: float = math.inf
    best_epoch: int = 0
    waited: int = 0
    factor: float = 1.0
    plateau_waited: int = 0

    def see(self, score: float, epoch: int, optimiser: OptimiserPart) -> bool:
        """Take in an epoch's score; whether it is the best so far. A score that is not a number never is."""
        if score < self.best:
            self.best, self.best_epoch, self.waited, self.plateau_waited = score, epoch, 0, 0
            return True
        self.waited += 1
        self.plateau_waited += 1
        if optimiser.schedule == "plateau" and self.plateau_waited > optimiser.plateau_patience:
            self.factor *= optimiser.plateau_factor
            self.plateau_waited = 0
        return False


def learning_rate(optimiser: OptimiserPart, step: int, steps: int, patience: Patience) -> float:
    """The rate of ``step`` (from 0) of ``steps`` in all epochs."""
    warm = min(1.0, (step + 1) / (optimiser.warmup_steps + 1))
    rate = optimiser.learning_rate * warm
    if optimiser.schedule == "cosine":
        gone = min(1.0, max(0, step - optimiser.warmup_steps) / max(1, steps - optimiser.warmup_steps))
        low = optimiser.final_share
        rate *= low + (1 - low) * 0.5 * (1 + math.cos(math.pi * gone))
    return rate * patience.factor if optimiser.schedule == "plateau" else rate
