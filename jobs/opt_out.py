"""Publish nothing of a person or account from the next run on; days that are published keep their rows.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/opt_out.py twitter:88 --env local

The same parameters and exit codes as `kloutspark opt-out`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["opt-out", *sys.argv[1:]]))
