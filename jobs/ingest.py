"""Bring files of others into the input tables; the same file twice adds nothing.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/ingest.py snap-activity --network twitter FILE.txt.gz --env local

The same parameters and exit codes as `kloutspark ingest`; who must be installed where: jobs/daily_scores.py.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["ingest", *sys.argv[1:]]))
