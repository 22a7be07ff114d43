"""Score the missing days in order; stop at a refused or not-ready day, go on when called again.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/backfill.py --from 2012-07-02 --to 2012-07-08 --env local

The same parameters and exit codes as `kloutspark backfill`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["backfill", *sys.argv[1:]]))
