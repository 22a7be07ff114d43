"""Where a run says which stage is under way, for whoever shows it."""

import logging

STAGES = logging.getLogger("kloutspark.stages")
STAGES.propagate = False  # -v says what each stage took; this says what is under way
