"""The world of the promises: each promise has its people in it, named by the promise and by what they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from kloutspark.config import load
from kloutspark.domain.contracts import ACCOUNTS, GAUGES, INTERACTIONS, LINKS, PAGE_LINKS, POSTS
from tests.lab import Lab

FIRST, SECOND = date(2026, 3, 30), date(2026, 3, 31)
YESTERDAY = datetime(2026, 3, 29, 12)
TODAY = datetime(2026, 3, 30, 12)  # on the first as-of day: counted from the second run on
CLUB = (
    "networks.club={title: Club, status: scored, account_types: [personal], kinds: {applause: {class: light, "
    "meaning: clapping for a speech}}}"
)
# A small world cannot hold the thousands of people that 50 and 90 take: its map is steeper, and concave all the same.
STEEP = "model.calibration.anchors=[[0, 1], [34.2, 90], [60, 100]]"
# Every reaction counts alike, of whomever: no damping, selectivity, standing or step limit, nothing but their sum.
COUNTING = (
    "model.damping.exponent=1",
    "model.selectivity.halving_reactions=1000000000",
    "model.standing.most=1",
    "model.terms.reactions=[{signal: weight_sum_90d, weight: 4.5}]",
    "model.terms.idle.active_days_count=Nothing counts here but the sum of the reactions.",
    "model.terms.idle.reactions_per_post=Nothing counts here but the sum of the reactions.",
    "model.step_limit.most_up_points=99",
    "model.step_limit.most_down_points=99",
)
COUNTING_SAYS = (
    "counting reactions alone: damping.exponent 1, selectivity.halving_reactions 1e9, standing.most 1, one term, no "
    "step limit"
)
LOUD_GAUGES = "model.terms.gauges=[{signal: '{of}_level', weight: 3}]"
ONE_NETWORK_WINS = "model.combine.exponent=20"
WEAKENED_SAYS = "windows of 89 days, weight 3 of gauges, combine.exponent 20"
UNCHECKED_SAYS = (
    "numbers that the configuration refuses: selectivity.halving_reactions 0.05, weight 2 of own posts, a map that is "
    "flat up to evidence 15 and steepens then"
)


PAGES = load(overrides=(CLUB,)).networks
People = Mapping[str, Mapping[str, Any]]
KINDS = {network: next(iter(page.kinds)) for network, page in PAGES.items() if page.kinds}


@dataclass
class Told:
    """The rows of the world under construction."""

    interactions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    accounts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    gauges: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page_links: list[dict[str, Any]] = field(default_factory=list)

    def fans(self, target: str, count: int, *, at: datetime = YESTERDAY, network: str = "twitter") -> None:
        """`count` people who do nothing else react once."""
        self.react(target, [f"{target}/{network}/fan{n}/{at:%m%d}" for n in range(count)], at=at, network=network)

    def react(self, target: str, actors: Iterable[str], *, at: datetime = YESTERDAY, network: str = "twitter") -> None:
        """Each of the actors reacts once, a second after the other."""
        kind = KINDS[network]
        rows = self.interactions.setdefault(network, [])
        for n, actor in enumerate(actors):
            moment = at + timedelta(seconds=n)
            rows.append(
                {
                    "interaction_id": f"i{len(rows)}",
                    "occurred_at": moment,
                    "actor_id": actor,
                    "target_id": target,
                    "kind": kind,
                    "ingested_at": moment,
                }
            )

    def post(self, account: str, count: int) -> None:
        """`count` posts of the account."""
        self.posts += [
            {"post_id": f"{account}/{n}", "account_id": account, "posted_at": YESTERDAY} for n in range(count)
        ]

    def measure(self, account: str, network: str, **gauges: float) -> None:
        """What stood yesterday."""
        day = YESTERDAY.date()
        found = [{"account_id": account, "day": day, "gauge": g, "value": float(v)} for g, v in gauges.items()]
        self.gauges.setdefault(network, []).extend(found)

    def link(self, person: str, **accounts: str) -> None:
        """Accounts by network that are the person's from the start."""
        self.links += [{"person_id": person, "network": n, "account_id": a} for n, a in accounts.items()]


def tell() -> Told:
    told = Told()
    told.fans("p1/less", 5)
    told.fans("p1/more", 6)
    told.fans("p1/more", 2, at=YESTERDAY - timedelta(days=3))
    for person in ("one", "idle", "both"):
        told.fans(f"p2/{person}", 4)
    told.fans("p2/both/club", 3, network="club")
    told.link("p2.one", twitter="p2/one")
    told.link("p2.idle", twitter="p2/idle", club="p2/idle/club")
    told.link("p2.both", twitter="p2/both", club="p2/both/club")
    midnight = datetime.combine(FIRST, datetime.min.time())
    edges = {
        "inside": midnight - timedelta(days=90),
        "outside": midnight - timedelta(days=90, microseconds=1),
        "as_of": midnight,
        "base": None,
    }
    for name, moment in edges.items():
        told.fans(f"p4/{name}", 2)
        if moment is not None:
            told.fans(f"p4/{name}", 1, at=moment)
    for count in (1, 2, 3, 10):
        told.react(f"p7/{count}", [f"p7/actor of {count}"] * count)
    told.fans("p8/low", 1)
    told.fans("p8/middle", 76)
    told.fans("p8/high", 4360)
    for actor in ("low", "middle", "high", "nobody"):
        told.react(f"p8/target of {actor}", [f"p8/{actor}"], at=TODAY)
    told.fans("p8/liked", 3, at=TODAY)
    told.fans("p8/liked also by low", 3, at=TODAY)
    told.react("p8/liked also by low", ["p8/low again"], at=TODAY)
    told.fans("p8/low again", 1)
    told.fans("p9/listened to", 1000)
    told.post("p9/listened to", 1)
    told.post("p9/talker", 1000)
    told.react("p9/talker", ["p9/talker"] * 20)
    told.react("p9/somebody", ["p9/talker"] * 20)
    told.fans("p9/quiet", 7)
    told.fans("p9/busy", 7)
    told.post("p9/busy", 50)
    for n in range(50):
        told.react(f"p9/heard {n}", ["p9/busy"])
    told.react("p11/of calm", ["p11/calm"])
    for target in ("p11/of wild", *(f"p11/other {n}" for n in range(40))):
        told.react(target, ["p11/wild"])
    told.fans("p12/many", 100)
    told.react("p12/one", ["p12/devoted"] * 100)
    for name in ("target", "loved", "poster", "own"):
        told.fans(f"p15/{name}", 40)
    told.react("p15/loved", ["p15/devoted"] * 1000)
    told.post("p15/poster", 1000)
    told.react("p15/own", ["p15/second account"] * 200)
    told.links += [
        {"person_id": "p15.own", "network": "twitter", "account_id": f"p15/{a}"} for a in ("own", "second account")
    ]
    for n in (1, 2, 4, 8, 16, 32, 64, 128):
        told.fans(f"p17/{n}", n)
    told.fans("p3/small and engaged", 40)
    told.measure("p3/large and silent", "twitter", followers=5_000_000)
    for person, posts in (("few posts", 10), ("many posts", 1000)):
        told.fans(f"p10/{person}", 100)
        told.post(f"p10/{person}", posts)
    return told


def put(lab: Lab, told: Told) -> None:
    """Writes what was told into the input tables."""
    for network, rows in told.interactions.items():
        lab.put(INTERACTIONS, rows, network)
    lab.put(POSTS, told.posts, "twitter")
    for network, rows in told.gauges.items():
        lab.put(GAUGES, rows, network)
    for network, rows in told.accounts.items():
        lab.put(ACCOUNTS, rows, network)
    if told.page_links:
        lab.put(PAGE_LINKS, told.page_links, "wikipedia")
    lab.put(LINKS, told.links)


def lead(rows: People, one: str, other: str, *, of: str = "score") -> float:
    """By how much one person's score or evidence is above another's."""
    above: float = rows[one][of] - rows[other][of]
    return round(above, 4)
