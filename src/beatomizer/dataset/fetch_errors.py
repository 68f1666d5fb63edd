"""What the downloader complains of → one clear line, and whether trying again may help."""

import re
from dataclasses import dataclass

from beatomizer.errors import one_line


@dataclass(frozen=True)
class Trouble:
    """Why a video did not come.

    Attributes:
        reason: one line, no full stop.
        may_pass: trying again a little later may help.
    """

    reason: str
    may_pass: bool


DISK_FULL = Trouble("the disk is full", False)

_KNOWN: tuple[tuple[str, str, bool], ...] = (
    (r"HTTP Error (?:404|410)", "is not there (404)", False),
    (r"HTTP Error 429|Too Many Requests|rate.?limit", "the site asks to slow down: wait, use --rate", True),
    (r"private video|is private|members.only|HTTP Error 401|login required", "is private", False),
    (r"sign in|log ?in|cookies", "asks for a login", False),
    (r"confirm your age|age.restricted|inappropriate", "asks for an age check", False),
    (
        r"not (?:made )?available (?:in|from) your (?:country|location)|geo.?restrict",
        "is not shown here",
        False,
    ),
    (r"\bDRM\b", "is protected against copying", False),
    (
        r"has been removed|no longer available|video unavailable|terminated|does not exist",
        "was removed",
        False,
    ),
    (r"HTTP Error 403", "may not be fetched (403)", False),
    (r"HTTP Error 5\d\d", "the site is out of order", True),
    (r"HTTP Error 416", "what was there of it has changed: run again", True),
    (r"live event|is_live|premieres in", "is live or not yet there", False),
    (r"larger than max-filesize", "is larger than the limit", False),
    (
        r"more expected|IncompleteRead|bytes read|unable to rename|Did not get any data",
        "the connection broke off",
        True,
    ),
    (r"timed out|timeout", "the site does not answer in time", True),
    (r"Connection reset|Connection aborted|Remote end closed|EOF occurred", "the connection broke off", True),
    (r"refused|resolve|getaddrinfo|unreachable|No route|Name or service", "the site cannot be reached", True),
    (r"CERTIFICATE_VERIFY|certificate", "the site's certificate is not valid", False),
    (r"No space left|Disk quota", DISK_FULL.reason, False),
    (
        r"Unsupported URL|no video formats|Requested format is not available|Unable to extract",
        "holds no video",
        False,
    ),
    (r"not a valid URL", "is not an address", False),
)


def trouble_of(complaints: str) -> Trouble:
    """The first known trouble in the last error line; else that line itself, which may pass."""
    errors = [line for line in complaints.splitlines() if line.startswith("ERROR")]
    text = errors[-1] if errors else complaints
    for pattern, reason, may_pass in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return Trouble(reason, may_pass)
    text = re.sub(r"^ERROR:\s*(\[[^\]]*\]\s*)?", "", text).partition("; please report")[0]
    return Trouble(
        one_line(text, 160).rstrip(".") or "nothing came (live, too large, or not a video)", bool(errors)
    )
