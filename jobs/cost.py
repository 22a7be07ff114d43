"""Say what each stage of the newest run of a day cost: seconds, rows, bytes, and its largest task.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/cost.py --as-of 2012-07-05 --env local

The same parameters and exit codes as `kloutspark cost`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["cost", *sys.argv[1:]]))
