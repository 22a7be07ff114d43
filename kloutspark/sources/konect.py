"""KONECT's temporal networks: lines `from to weight unix_seconds`, comments behind %."""

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Network
from kloutspark.domain.contracts import INTERACTIONS
from kloutspark.domain.errors import ConfigError
from kloutspark.sources.delivery import Delivery, bring, page_of
from kloutspark.sources.reading import FILE, MALFORMED, existing

COLUMNS = ("actor_id", "target_id", "weight", "occurred_at")


def read_konect(
    spark: SparkSession,
    paths: Sequence[str],
    *,
    name: str | None,
    network: Network | None,
    table: str | None,
    started_at: datetime,
) -> list[Delivery]:
    """Every line is one reaction of the network's one kind, whatever its weight and the weight's sign.

    Columns are parted by spaces or tabs, lines end in LF or CRLF, seconds may have a fraction. A line of another
    number of columns is malformed. Rows have no ids: they get the hash of `bring`.

    Source: konect.cc, "out." files (Kunegis, KONECT: The Koblenz Network Collection, WWW 2013).

    Raises:
        ConfigError: the network's page names no kind, or several: the format cannot say which.
    """
    page = page_of("konect", network, table)
    if len(page.kinds) != 1:
        remedy = "A row of this format has no kind: name the one that all of them are."
        found = ", ".join(page.kinds) or "none"
        raise ConfigError(f"networks/{name}.yaml, kinds", expected="exactly one kind", found=found, remedy=remedy)
    return [
        bring(
            _rows(spark, path, kind=next(iter(page.kinds))),
            INTERACTIONS,
            where=path,
            theirs={},
            codes={},
            started_at=started_at,
        )
        for path in paths
    ]


def _rows(spark: SparkSession, path: str, *, kind: str) -> DataFrame:
    line = F.trim(F.regexp_replace("value", r"\s+", " "))
    parts = F.split(line, " ")
    lines = spark.read.text(existing(path)).where((line != "") & ~line.startswith("%"))
    values = [F.try_element_at(parts, F.lit(n)).alias(name) for n, name in enumerate(COLUMNS, 1)]
    malformed = F.when(F.size(parts) != len(COLUMNS), F.col("value")).alias(MALFORMED)
    return lines.select(*values, F.lit(kind).alias("kind"), malformed, F.col("_metadata.file_path").alias(FILE))
