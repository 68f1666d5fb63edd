"""Make a show safe."""

from beatomizer.progress import Progress, silent
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.planner import plan
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile, profile_named
from beatomizer.safety.report import report_on
from beatomizer.safety.safe_show import SafeShow, sealed
from beatomizer.show.show import Show


def limit(show: Show, profile: str | Profile = DEFAULT_PROFILE, *, progress: Progress = silent) -> SafeShow:
    """Limit flashing of a whole show.

    Raises:
        UsageError: no profile has that name.
    """
    chosen = profile_named(profile)
    wanted = show.rgb8
    if not Limiter(show.zones, chosen).would_pass(wanted):
        for round in (1, 2):
            planned = plan(wanted, show.cues, chosen, round)
            if planned is wanted:
                break
            wanted = planned
    shown = Limiter(show.zones, chosen).run(wanted, progress)
    return sealed(Show(shown, show.cues, show.source), report_on(show, shown, chosen))
