"""What fakes would buy on a root, which is only read.

Usage: PATH="$PWD/.venv/bin:$PATH" spark-submit jobs/attack.py click_farm --network twitter --env local

The same parameters and exit codes as `kloutspark attack`; who must be installed where: jobs/daily_scores.py. On a
cluster give --scratch a folder that every node reaches.
"""

import sys

from kloutspark.cli import exit_code

sys.exit(exit_code(["attack", *sys.argv[1:]]))
