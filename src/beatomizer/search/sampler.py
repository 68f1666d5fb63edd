"""Where settings come from: Optuna's TPE, seeded anew for each trial, so that a search goes on as if never stopped."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

FIRST_AT_RANDOM = 8
"""So many finished trials before the sampler begins to learn from them."""


class NumberedSampler(optuna.samplers.BaseSampler):
    """TPE (Bergstra and others 2011) whose random numbers follow from (seed, number of the trial).

    A sampler with one running stream of random numbers begins that stream anew in every process: a search that goes on
    would draw its first settings again, and two machines with the same seed would train the same models.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._inner = self._seeded(0)

    def _seeded(self, number: int) -> optuna.samplers.TPESampler:
        mixed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        return optuna.samplers.TPESampler(seed=mixed, n_startup_trials=FIRST_AT_RANDOM)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin the stream of this trial."""
        self._inner = self._seeded(trial.number)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """As TPE does."""
        space: dict[str, BaseDistribution] = self._inner.infer_relative_search_space(study, trial)
        return space

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As TPE does."""
        drawn: dict[str, Any] = self._inner.sample_relative(study, trial, search_space)
        return drawn

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As TPE does."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """As TPE does."""
        self._inner.after_trial(study, trial, state, values)
