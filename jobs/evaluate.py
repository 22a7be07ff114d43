"""Hold the score against the future of a network's interactions, beside simple baselines.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/evaluate.py --network twitter --json --env local

The same parameters and exit codes as `kloutspark evaluate`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["evaluate", *sys.argv[1:]]))
