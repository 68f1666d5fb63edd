"""``python -m beatomizer``."""

import sys

from beatomizer.cli import main

sys.exit(main())
