"""Ranks of real graphs: LDBC's published answers, and Wikipedia's page links against two libraries."""

import gzip
from datetime import date
from functools import partial
from pathlib import Path

import igraph
import networkx
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Walk
from kloutspark.transforms.rank import Ranked, iterate_ranks, pack_edges
from tests.realdata import data_file

pytestmark = pytest.mark.realdata
LDBC, LDBC_ADDRESS = "ldbc-graphalytics/validation-graphs", "https://github.com/ldbc/ldbc_graphalytics"
WIKISPEEDIA_ADDRESS = "https://snap.stanford.edu/data/wikispeedia.html"
ITERATIONS = {"pr/dir": 14, "pr/undir": 26, "example/example-directed": 2, "example/example-undirected": 2}
WALK = Walk(
    damping=0.85,
    tolerance_l1=1e-11,
    max_iterations=200,
    block_accounts=10_000,
    why="what the references were made with",
)
PAGES = {  # data/README.md
    "United_States": 0.009561,
    "France": 0.006442,
    "Europe": 0.006349,
    "United_Kingdom": 0.006245,
    "English_language": 0.004873,
}
Links = list[tuple[str, str]]


def rank(
    spark: SparkSession, graphs: dict[str, tuple[list[str], Links]], walk: Walk, start: DataFrame | None
) -> Ranked:
    """Every account alike in the prior, every link alike in weight."""
    links = [(graph, *link) for graph, (_, links) in graphs.items() for link in links]
    accounts = [(graph, account) for graph, (accounts, _) in graphs.items() for account in accounts]
    edges = spark.createDataFrame(pa.table(list(zip(*links, strict=True)), ["graph", "source_id", "target_id"]))
    return iterate_ranks(
        partial(pack_edges, edges.withColumn("weight", F.lit(1.0))),
        spark.createDataFrame(pa.table(list(zip(*accounts, strict=True)), ["graph", "account_id"])).withColumn(
            "prior_weight", F.lit(1.0)
        ),
        start,
        as_of=date(2026, 3, 1),
        walk=walk,
        settle=lambda frame, _: frame.localCheckpoint(),
    )


def read_ldbc(name: str) -> tuple[tuple[list[str], Links], dict[str, float]]:
    """Accounts and links of a validation graph, and its published answer."""
    answer = "output" if name.startswith("pr/") else "PR"
    vertices = [line.split() for line in _lines(f"{LDBC}/{name}-input", LDBC_ADDRESS)]
    published = [line.split() for line in _lines(f"{LDBC}/{name}-{answer}", LDBC_ADDRESS)]
    links = [(vertex, neighbour) for vertex, *neighbours in vertices for neighbour in neighbours]
    return ([vertex for vertex, *_ in vertices], links), {vertex: float(value) for vertex, value in published}


@pytest.mark.parametrize(("iterations", "block_accounts"), [(14, 100), (26, 100), (2, 100), (2, 3)])
def test_ldbc_publishes_the_same_ranks(spark: SparkSession, iterations: int, block_accounts: int) -> None:
    read = {name: read_ldbc(name) for name, n in ITERATIONS.items() if n == iterations}
    walk = WALK.model_copy(update={"exact_iterations": iterations, "block_accounts": block_accounts})
    result = rank(spark, {name: graph for name, (graph, _) in read.items()}, walk, None)
    assert [run.iterations for run in result.runs] == [iterations] * len(read)
    for name, found in by_graph(result).items():
        assert found == pytest.approx(read[name][1], rel=1e-4)


@pytest.fixture(scope="module")
def pages() -> tuple[list[str], Links]:
    links = [line.split("\t") for line in _lines("wikispeedia/links.tsv.gz", WIKISPEEDIA_ADDRESS)]
    names = _lines("wikispeedia/articles.tsv.gz", WIKISPEEDIA_ADDRESS)
    return names, [(source, target) for source, target in links]


def test_wikipedia_pages_rank_as_in_networkx_and_igraph(spark: SparkSession, pages: tuple[list[str], Links]) -> None:
    """And in several blocks too, which start there and so need no more than two iterations."""
    names, links = pages
    assert (len(names), len(links)) == (4_604, 119_882)
    graph = {"wikispeedia": pages}
    whole = rank(spark, graph, WALK, None)
    start = whole.ranks.select("graph", "account_id", "rank")
    blocks = rank(spark, graph, WALK.model_copy(update={"block_accounts": 1_000}), start)
    assert [(run.blocks, run.converged) for run in (*whole.runs, *blocks.runs)] == [(1, True), (5, True)]
    assert blocks.runs[0].iterations <= 2
    directed = networkx.DiGraph(links)
    directed.add_nodes_from(names)
    by_networkx = networkx.pagerank(directed, alpha=0.85, tol=1e-13, max_iter=1_000)
    place = {name: n for n, name in enumerate(names)}
    edges = [(place[source], place[target]) for source, target in links]
    by_igraph = dict(zip(names, igraph.Graph(len(names), edges, directed=True).pagerank(damping=0.85), strict=True))
    for result in (whole, blocks):
        found = by_graph(result)["wikispeedia"]
        assert {page: round(found[page], 6) for page in PAGES} == PAGES
        for others in (by_networkx, by_igraph):
            assert sum(abs(found[page] - others[page]) for page in names) < 1e-8


def by_graph(result: Ranked) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in result.ranks.collect():
        found.setdefault(row["graph"], {})[row["account_id"]] = row["rank"]
    return found


def _lines(name: str, address: str) -> list[str]:
    """Without comments and empty lines."""
    path: Path = data_file(name, address)
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [line for line in content.decode().splitlines() if line and not line.startswith("#")]
