"""Does this show belong to this song, or would another song's do as well?

The song stays; its own show is compared with shows that the same model made for other songs.
"""

import numpy as np


def gap(own: float, others: list[float]) -> float:
    """A metric on the song's own show minus its mean on other songs' shows; ``nan`` if it applies to neither."""
    known = [value for value in others if np.isfinite(value)]
    return own - float(np.mean(known)) if known and np.isfinite(own) else np.nan


def win_share(own: float, others: list[float]) -> float:
    """Share of other songs' shows that score lower than the song's own, ties counting half.

    Its mean over songs is the area under the ROC curve, song by song: 0.5 is chance.
    """
    known = np.array([value for value in others if np.isfinite(value)])
    if len(known) == 0 or not np.isfinite(own):
        return np.nan
    return float(np.mean((own > known) + 0.5 * (own == known)))


def togetherness(values: list[float]) -> float:
    """One number for sync and energy together: the mean of those that apply; what the AUC is asked of."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
