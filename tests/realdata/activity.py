"""The rows of public files as frames of the evaluation protocol, read without Spark."""

import gzip
from pathlib import Path

import pandas as pd

from tests.realdata import data_file

HIGGS = "higgs-twitter/higgs-activity_time.txt.gz"
HIGGS_ADDRESS = "https://snap.stanford.edu/data/higgs-twitter.html"
KONECT_ADDRESS = "http://konect.cc/networks"
KONECT = {
    "ucsocial": "opsahl-ucsocial",
    "radoslaw": "radoslaw_email",
    "bitcoinotc": "soc-sign-bitcoinotc",
    "bitcoinalpha": "soc-sign-bitcoinalpha",
}
LETTERS = (  # a page of conf/networks for each: every row is one reaction of one kind
    "networks.{name}={{title: {name}, status: scored, account_types: [personal], "
    "kinds: {{letter: {{class: naming, meaning: a letter}}}}}}"
)


def read_higgs() -> pd.DataFrame:
    """Lines `actor target unix_seconds kind` (RT, MT, RE).

    Source: SNAP, higgs-activity_time.txt.gz (De Domenico et al., Sci. Rep. 3:2980, 2013).
    """
    names = ["actor_id", "target_id", "occurred_at_seconds", "kind"]
    types = {"actor_id": str, "target_id": str, "occurred_at_seconds": float, "kind": str}
    return pd.read_csv(data_file(HIGGS, HIGGS_ADDRESS), sep=" ", header=None, names=names, dtype=types)


def konect_file(name: str) -> Path:
    """The file of one of KONECT's networks."""
    return data_file(f"konect/out.{KONECT[name]}.gz", KONECT_ADDRESS)


def read_konect(name: str) -> pd.DataFrame:
    """Lines `actor target weight unix_seconds`, parted by spaces or tabs, behind comments."""
    lines = gzip.decompress(konect_file(name).read_bytes()).decode().splitlines()
    parts = [line.split() for line in lines if line.strip() and not line.startswith("%")]
    rows = pd.DataFrame(parts, columns=["actor_id", "target_id", "weight", "occurred_at_seconds"])
    return rows.assign(occurred_at_seconds=rows["occurred_at_seconds"].astype(float), kind="letter")
