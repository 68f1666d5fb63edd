"""Make a show safe: plan with the whole song known, then limit frame by frame, then look at the seam of a loop."""

from beatomizer.arrays import U8
from beatomizer.progress import Progress, silent
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.planner import plan
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile, profile_named
from beatomizer.safety.report import report_on
from beatomizer.safety.safe_show import SafeShow, sealed
from beatomizer.show.show import Show
from beatomizer.timebase import FPS

_PLANS = 2
"""How often a song is planned; what is refused after that the limiter changes on its own."""

_SEAM_FRAMES = 7 * FPS
"""The start of a show that its end can still matter to: the extended rule looks back five seconds and one."""

_SEAMS = 3


def limit(show: Show, profile: str | Profile = DEFAULT_PROFILE, *, progress: Progress = silent) -> SafeShow:
    """Limit flashing of a whole show. A show that is safe already keeps its exact bytes.

    Args:
        show: what is wanted.
        profile: the rules; ``broadcast`` unless somebody chose another.
        progress: told about the stage "safety".

    Raises:
        UsageError: no profile has that name.
    """
    chosen = profile_named(profile)
    limiter = Limiter(show.zones, chosen)
    shown = show.rgb8
    if not limiter.accepts(shown):
        for round in range(1, _PLANS + 1):
            planned = plan(shown, show.cues, chosen, round)
            if planned is shown:
                break
            shown = planned
        limiter = Limiter(show.zones, chosen)
        shown = limiter.run(shown, progress)
    shown = _loopable(shown, limiter)
    progress("safety", 1.0)
    return sealed(Show(shown, show.cues, show.source), report_on(show, shown, chosen))


def _loopable(shown: U8, limiter: Limiter) -> U8:
    """``shown``, with a start that stays within the rules when it follows the end: players loop.

    Args:
        shown: what ``limiter`` let through.
        limiter: its state after the last frame.
    """
    for _ in range(_SEAMS):
        if limiter.copy().accepts(shown[:_SEAM_FRAMES]):
            return shown
        looped = limiter.run(shown)
        limiter = Limiter(limiter.zones, limiter.profile)
        shown = limiter.run(looped)
    return shown
