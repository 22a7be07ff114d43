"""Publish the scores of one day, or refuse to.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/daily_scores.py --as-of 2012-07-05 --env local

The same parameters and exit codes as `kloutspark score`. The interpreter of spark-submit must be one that kloutspark is
installed in, as `make setup` does for .venv: hence the PATH. On a cluster: --env cluster, which leaves the master to
spark-submit, and a --root that every node reaches (docs/deploy.md).
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["score", *sys.argv[1:]]))
