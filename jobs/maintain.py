"""Gather small files; remove tiles that no window needs and files that nobody within the retention reads.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/maintain.py --env local

The same parameters and exit codes as `kloutspark maintain`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["maintain", *sys.argv[1:]]))
