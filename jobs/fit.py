"""Fit the weights of a model to labelled comparisons of people, or to what history says.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/fit.py labels.csv --out fitted.yaml --env local

The same parameters and exit codes as `kloutspark fit`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["fit", *sys.argv[1:]]))
