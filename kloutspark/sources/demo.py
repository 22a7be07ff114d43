"""Files of an invented network in the format of SNAP's activity files, for a first look: no real person is in it."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

PEOPLE = 2_000
REACTIONS_A_DAY = 6_000
CODES = ("RT", "MT", "RE")
CODE_WEIGHTS = (63, 30, 7)  # the shares of the Higgs file
SKEW = 1.3  # Pareto exponent of how much people are reacted to: few receive most, as in every real network
ARCHETYPES = ("pop_star", "parenting_writer", "busy_talker", "steady_expert")


def write_activity(path: Path, *, last_day: date, days: int, seed: int) -> Path:
    """Writes `actor target unix_seconds code` lines of `days` whole days that end with `last_day`, gzipped.

    Heavy-tailed targets, most pairs new, and four archetypes: a pop star whom many name, a parenting writer with a
    loyal circle, a busy talker who reacts to everybody and is hardly answered, an expert with a few reactions a day.
    The same arguments give the same bytes.
    """
    random = Random(seed)  # noqa: S311 - a world, no secret
    people = [f"person_{n}" for n in range(PEOPLE)]
    pull = [random.paretovariate(SKEW) for _ in people]
    lines = []
    for age in reversed(range(days)):
        midnight = datetime.combine(last_day - timedelta(days=age), datetime.min.time(), tzinfo=UTC)
        pairs = list(
            zip(random.choices(people, k=REACTIONS_A_DAY), random.choices(people, pull, k=REACTIONS_A_DAY), strict=True)
        )
        pairs += [(random.choice(people), "pop_star") for _ in range(400)]
        pairs += [(f"person_{random.randrange(40)}", "parenting_writer") for _ in range(60)]
        pairs += [("busy_talker", random.choice(people)) for _ in range(500)]
        pairs += [(random.choice(people), "busy_talker")]
        pairs += [(random.choice(people), "steady_expert") for _ in range(8)]
        for actor, target in pairs:
            second = int(midnight.timestamp()) + random.randrange(86_400)
            lines.append((second, f"{actor} {target} {second} {random.choices(CODES, CODE_WEIGHTS)[0]}\n"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.writelines(line.encode() for _, line in sorted(lines))
    return path
