"""One adapter a public format; each turns paths into deliveries of input tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Network
from kloutspark.domain.contracts import ACCOUNTS, DELIVERIES, GAUGES, INTERACTIONS, LINKS, PAGE_LINKS, POSTS
from kloutspark.domain.errors import ConfigError, unknown_key
from kloutspark.sources.delivery import Delivery, bring, page_of
from kloutspark.sources.gharchive import read_gharchive
from kloutspark.sources.konect import read_konect
from kloutspark.sources.reading import FILE, MALFORMED, existing, read_file, stem_of
from kloutspark.sources.stackexchange import read_stackexchange

FILE_TABLES = {
    "interactions": INTERACTIONS,
    "posts": POSTS,
    "accounts": ACCOUNTS,
    "gauges": GAUGES,
    "deliveries": DELIVERIES,
    "page_links": PAGE_LINKS,
    "identity_links": LINKS,
}


class Adapter(Protocol):
    """Reads paths of one public format for a network (name and page; both None for identity links)."""

    def __call__(
        self,
        spark: SparkSession,
        paths: Sequence[str],
        *,
        name: str | None,
        network: Network | None,
        table: str | None,
        started_at: datetime,
    ) -> list[Delivery]:
        """One delivery a path and table that it has rows for."""
        ...


def read_snap_activity(
    spark: SparkSession,
    paths: Sequence[str],
    *,
    name: str | None,
    network: Network | None,
    table: str | None,
    started_at: datetime,
) -> list[Delivery]:
    """SNAP's higgs-activity_time: lines `actor target unix_seconds code`, space separated, no header.

    Source: snap.stanford.edu/data/higgs-twitter.html; the codes are named in the network's YAML.
    """
    page = page_of("snap-activity", network, table)
    schema = f"actor_id string, target_id string, occurred_at string, kind string, {MALFORMED} string"
    reader = spark.read.schema(schema).option("sep", " ").option("quote", "")
    reader = reader.option("columnNameOfCorruptRecord", MALFORMED)
    return [
        bring(
            reader.csv(existing(path)).withColumn(FILE, F.col("_metadata.file_path")),
            INTERACTIONS,
            where=path,
            theirs={},
            codes=page.kind_by_code,
            started_at=started_at,
        )
        for path in paths
    ]


def read_files(
    spark: SparkSession,
    paths: Sequence[str],
    *,
    name: str | None,
    network: Network | None,
    table: str | None,
    started_at: datetime,
) -> list[Delivery]:
    """CSV, JSON lines or Parquet; the table is the file's stem or `table`, columns as the network's YAML maps them."""
    deliveries = []
    for path in paths:
        stem = table or stem_of(path)
        if stem not in FILE_TABLES:
            raise unknown_key(f"{path}, table (--table or the file's stem)", stem, list(FILE_TABLES))
        contract = FILE_TABLES[stem]
        if (contract is LINKS) == (name is not None):
            expected = "no --network: the file has its own column" if contract is LINKS else "--network NAME"
            found = "one" if contract is LINKS else "none"
            raise ConfigError(path, expected=expected, found=found, remedy="See kloutspark ingest --help.")
        if contract is PAGE_LINKS and network is not None and not network.has_pages:
            remedy = "Set it, or ingest the page graph of another network."
            raise ConfigError(path, expected="has_pages: true in the network's page", found="false", remedy=remedy)
        theirs = {} if network is None else network.columns.get(stem, {})
        codes = {} if network is None else network.kind_by_code
        gauges = () if network is None else tuple(network.gauges)
        raw = read_file(spark, path)
        deliveries.append(
            bring(raw, contract, where=path, theirs=theirs, codes=codes, started_at=started_at, gauges=gauges)
        )
    return deliveries


ADAPTERS: dict[str, Adapter] = {
    "files": read_files,
    "gharchive": read_gharchive,
    "konect": read_konect,
    "snap-activity": read_snap_activity,
    "stackexchange": read_stackexchange,
}
