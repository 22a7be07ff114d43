"""Make the published scores what they were after an earlier run; later days disappear, in one commit.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/rollback.py --to 2012-07-06 --env local

The same parameters and exit codes as `kloutspark rollback`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["rollback", *sys.argv[1:]]))
