"""What every table holds, written once: schema, DDL comments, checks, docs and test rows are derived from here.

A column whose name ends in `_id` or whose type is not a plain number or time has no statistics: minimum and maximum ids
would stand in the Delta log, where VACUUM does not reach and nobody could erase them (TECH.md).
"""

from dataclasses import dataclass

WITH_STATISTICS = ("date", "timestamp", "bigint", "int", "double")
PARTS = "array<struct<network:string,signal:string,points:double>>"
BEHAVIOUR = ("reactions_a_day", "targets_a_day", "hours_a_day", "followings_per_follower")  # what doubts are about
ACCOUNT_LIST = "array<struct<network:string,account_id:string>>"


@dataclass(frozen=True)
class Col:
    """A column: its Spark type in `simpleString` form, what it means, whether it may be null, how it is generated."""

    name: str
    type: str
    meaning: str
    is_nullable: bool = False
    generated_as: str | None = None


@dataclass(frozen=True)
class TableContract:
    """A Delta table: where it lies under the root, what a row is, its key and columns.

    `name` is the path with dots for slashes; `{network}` in it stands for a network's name.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Col, ...]
    partitioned_by: tuple[str, ...] = ()
    has_change_feed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(c.name for c in self.columns)

    @property
    def schema(self) -> str:
        """Names and types as SQL."""
        return ", ".join(f"{c.name} {c.type}" for c in self.columns)

    @property
    def written(self) -> tuple[Col, ...]:
        """The columns that a writer supplies: all that are not generated."""
        return tuple(c for c in self.columns if c.generated_as is None)

    @property
    def with_statistics(self) -> tuple[str, ...]:
        """The columns whose minimum and maximum may stand in the log: no ids, no texts, no partition columns."""
        plain = (c.name for c in self.columns if c.type in WITH_STATISTICS and not c.name.endswith("_id"))
        return tuple(n for n in plain if n not in self.partitioned_by)

    def path(self, network: str | None = None) -> str:
        """Where the table lies under the root."""
        return self.name.replace(".", "/").format(network=network)


def _day_of(moment: str) -> Col:
    return Col("day", "date", f"UTC day of {moment}", is_nullable=True, generated_as=f"CAST({moment} AS DATE)")


INTERACTIONS = TableContract(
    "input.{network}.interactions",
    meaning="One raw event: an actor did a kind of thing to a target, or to a post of the target, at a time.",
    key=("interaction_id",),
    columns=(
        Col("interaction_id", "string", "id of the event at its source, or a hash of its content", is_nullable=True),
        Col("occurred_at", "timestamp", "when it happened, UTC", is_nullable=True),
        Col("actor_id", "string", "account that acted", is_nullable=True),
        Col("target_id", "string", "account that is credited", is_nullable=True),
        Col("kind", "string", "a kind of conf/networks/<network>.yaml", is_nullable=True),
        Col("post_id", "string", "post that was reacted to, where known", is_nullable=True),
        Col("ingested_at", "timestamp", "when the row reached us; future rows are judged against it", is_nullable=True),
        _day_of("occurred_at"),
    ),
    partitioned_by=("day",),
    has_change_feed=True,
)
POSTS = TableContract(
    "input.{network}.posts",
    meaning="A thing that an account published.",
    key=("post_id",),
    columns=(
        Col("post_id", "string", "id of the post", is_nullable=True),
        Col("account_id", "string", "account that published it", is_nullable=True),
        Col("posted_at", "timestamp", "when, UTC", is_nullable=True),
        _day_of("posted_at"),
    ),
    partitioned_by=("day",),
    has_change_feed=True,
)
ACCOUNTS = TableContract(
    "input.{network}.accounts",
    meaning="An identity on one network.",
    key=("account_id",),
    columns=(
        Col("account_id", "string", "id of the account", is_nullable=True),
        Col("account_type", "string", "personal, page, company or bot", is_nullable=True),
        Col("display_name", "string", "name to show; may hold anything", is_nullable=True),
        Col("created_at", "timestamp", "when the account was made, UTC", is_nullable=True),
    ),
    has_change_feed=True,
)
GAUGES = TableContract(
    "input.{network}.gauges",
    meaning="A measured standing of an account on a day: followers, friends, mayorships, anonymous votes.",
    key=("account_id", "day", "gauge"),
    columns=(
        Col("account_id", "string", "account that was measured", is_nullable=True),
        Col("day", "date", "UTC day of the measurement", is_nullable=True),
        Col("gauge", "string", "a gauge of conf/networks/<network>.yaml", is_nullable=True),
        Col("value", "double", "what was measured, 0 or more", is_nullable=True),
    ),
    partitioned_by=("day",),
    has_change_feed=True,
)
DELIVERIES = TableContract(
    "input.{network}.deliveries",
    meaning="A day of the network is complete: nothing more of it is expected.",
    key=("day",),
    columns=(
        Col("day", "date", "UTC day that is complete", is_nullable=True),
        Col("delivered_at", "timestamp", "when it became so, UTC", is_nullable=True),
    ),
    has_change_feed=True,
)
PAGE_LINKS = TableContract(
    "input.{network}.page_links",
    meaning="A link from page to page in a day's snapshot of the whole page graph; a page is an account.",
    key=("from_id", "to_id", "day"),
    columns=(
        Col("from_id", "string", "page that the link stands on", is_nullable=True),
        Col("to_id", "string", "page that it leads to", is_nullable=True),
        Col("day", "date", "UTC day of the snapshot", is_nullable=True),
    ),
    partitioned_by=("day",),
    has_change_feed=True,
)
LINKS = TableContract(
    "identity.links",
    meaning="An account belongs to a person from connected_on on until disconnected_on.",
    key=("person_id", "network", "account_id", "connected_on"),
    columns=(
        Col("person_id", "string", "the person across networks", is_nullable=True),
        Col("network", "string", "stem of a file in conf/networks", is_nullable=True),
        Col("account_id", "string", "account on that network", is_nullable=True),
        Col("connected_on", "date", "first day; counted from the day after; null: always", is_nullable=True),
        Col("disconnected_on", "date", "last as-of day that counts it; null: still connected", is_nullable=True),
    ),
    has_change_feed=True,
)
REQUESTS = TableContract(
    "privacy.requests",
    meaning="Who asked for what: nobody of whom a row stands here is published from the next run on.",
    key=("person_id", "request"),
    columns=(
        Col("person_id", "string", "the person, or <network>:<account_id> of one account"),
        Col("request", "string", "opt_out; erase is a later version's"),
        Col("requested_at", "timestamp", "when it was first asked for, UTC"),
    ),
    has_change_feed=True,
)
QUARANTINE = TableContract(
    "quarantine",
    meaning="Every refused row with its reason; nothing is dropped silently.",
    key=("run_id", "table", "network", "row"),
    columns=(
        Col("run_id", "string", "the ingest or day's run that refused it"),
        Col("network", "string", "network of the row; null for identity links", is_nullable=True),
        Col("table", "string", "input table that the row was meant for"),
        Col("reason", "string", "why, in words"),
        Col("row", "string", "the row as it was found, as JSON"),
    ),
)
PAIRS = TableContract(
    "tiles.pairs",
    meaning="What one actor did to one target on one UTC day; self rows (actor_id = target_id) weigh nothing.",
    key=("day", "network", "actor_id", "target_id"),
    columns=(
        Col("day", "date", "UTC day of the reactions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("actor_id", "string", "account that reacted"),
        Col("target_id", "string", "account that is credited"),
        Col("previous_day", "date", "the pair's newest earlier day that tiles know", is_nullable=True),
        Col("reactions", "map<string,bigint>", "reactions by kind, duplicates apart"),
        Col("posts", "array<string>", "ids of the posts that were reacted to, each once"),
        Col("duplicates", "bigint", "repeated deliveries of these reactions, set aside"),
        Col("damped_micros", "bigint", "sum over kinds of value * reactions ** exponent, in millionths"),
        Col("authenticity_micros", "bigint", "the actor's frozen authenticity, in millionths of 1"),
        Col("is_newcomer", "boolean", "whether the network did not know the actor yet; frozen"),
        Col("doubt", "string", "what most made the authenticity less than 1; frozen", is_nullable=True),
        Col("standing_micros", "bigint", "the actor's frozen standing, in millionths of 1"),
        Col("weight_micros", "bigint", "what the pair adds to the target, millionths of one ordinary reaction"),
    ),
    partitioned_by=("day",),
)
TARGETS = TableContract(
    "tiles.targets",
    meaning="What one target received on one day, by the previous day of its pairs, so that distinct actors add up.",
    key=("day", "network", "target_id", "previous_day", "is_newcomer"),
    columns=(
        Col("day", "date", "UTC day of the reactions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("target_id", "string", "account that is credited"),
        Col("previous_day", "date", "newest earlier day of these pairs; null: none is known", is_nullable=True),
        Col("is_newcomer", "boolean", "whether the network did not know these actors yet"),
        Col("pairs", "bigint", "number of actors"),
        Col("vouchers", "array<bigint>", "hashes of those who vouch for it, the least and the greatest"),
        Col("doubted", "map<string,bigint>", "how many of them count less, by what speaks most against each"),
        Col("authenticity_micros", "bigint", "sum of the actors' authenticity"),
        Col("weight_micros", "bigint", "sum of the pairs' weights"),
        Col("damped_micros", "bigint", "sum of the pairs' damped reactions"),
        Col("strong_reactions", "bigint", "reactions by accounts of at least the standing that the model calls strong"),
        Col("reactions", "map<string,bigint>", "reactions by kind"),
        Col("posts", "array<string>", "ids of the target's posts that were reacted to, each once"),
    ),
    partitioned_by=("day",),
)
ACTOR_DAYS = TableContract(
    "tiles.actor_days",
    meaning="An actor's day: how busy it was, and what a reaction of theirs was worth, frozen at first sight.",
    key=("day", "network", "actor_id"),
    columns=(
        Col("day", "date", "UTC day of the actions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("actor_id", "string", "account that acted"),
        Col("busy_micros", "bigint", "sum of damped reactions over all targets, always from rows"),
        Col("reactions", "bigint", "all reactions to others, always from rows"),
        Col("targets", "bigint", "how many others, always from rows"),
        Col("hours", "int", "UTC hours with a reaction to others, one bit each, always from rows"),
        Col("authenticity_micros", "bigint", "in (0, 1], from days before; frozen"),
        Col("is_newcomer", "boolean", "whether the network did not know the actor yet; frozen"),
        Col("doubt", "string", "what most made the authenticity less than 1; frozen", is_nullable=True),
        Col("standing_micros", "bigint", "1 to 2, from the newest score published at or before the day; frozen"),
    ),
    partitioned_by=("day",),
)
EDGES = TableContract(
    "tiles.edges",
    meaning="Pairs of a day apart from self rows, as arrays of little-endian numbers: many in a row, in no order.",
    key=(),
    columns=(
        Col("day", "date", "UTC day of the reactions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("source_keys", "binary", "xxhash64 of the actors' ids, 8 bytes each"),
        Col("target_keys", "binary", "xxhash64 of the targets' ids, 8 bytes each"),
        Col("weights", "binary", "weight_micros of the pairs as doubles, 8 bytes each"),
    ),
    partitioned_by=("day",),
)
FACTS = TableContract(
    "facts",
    meaning="One thing known of an account: a tile, a post, a measurement, a link of its page, a rank; never stored.",
    key=(),
    columns=(
        Col("network", "string", "stem of a file in conf/networks"),
        Col("account_id", "string", "the account; null where several of a person are taken as one", is_nullable=True),
        Col("person_id", "string", "that person; null for an account's own", is_nullable=True),
        Col("day", "date", "UTC day of it; null for what has none", is_nullable=True),
        Col("previous_day", "date", "of a tile (TARGETS)", is_nullable=True),
        Col("is_newcomer", "boolean", "of a tile", is_nullable=True),
        Col("pairs", "bigint", "of a tile", is_nullable=True),
        Col("authenticity_micros", "bigint", "of a tile", is_nullable=True),
        Col("weight_micros", "bigint", "of a tile", is_nullable=True),
        Col("damped_micros", "bigint", "of a tile", is_nullable=True),
        Col("strong_reactions", "bigint", "of a tile", is_nullable=True),
        Col("reactions", "bigint", "of a tile: all of them", is_nullable=True),
        Col("by_kind", "array<bigint>", "of a tile: reactions in the order of the network's kinds", is_nullable=True),
        Col("posts", "bigint", "1 of a post", is_nullable=True),
        Col("posts_answered", "bigint", "1 of a post that drew a reaction, else 0", is_nullable=True),
        Col("gauge", "string", "what was measured", is_nullable=True),
        Col("value", "double", "the measurement", is_nullable=True),
        Col("inlinks", "bigint", "1 of a link to the account's page", is_nullable=True),
        Col("outlinks", "bigint", "1 of a link from the account's page", is_nullable=True),
        Col("engagement_rank", "double", "rank times accounts of the graph of reactions", is_nullable=True),
        Col("page_rank", "double", "rank times pages of the page graph", is_nullable=True),
    ),
)
VECTORS = TableContract(
    "vectors",
    meaning="The signals of an account, or of a person with several accounts on a network; never stored.",
    key=("network", "account_id", "person_id"),
    columns=(
        Col("network", "string", "stem of a file in conf/networks"),
        Col("account_id", "string", "the account; null where several of a person are taken as one", is_nullable=True),
        Col("person_id", "string", "whose it is: the person, or <network>:<account_id>"),
        Col("is_counted", "boolean", "whether it speaks for the person: not what is taken together elsewhere"),
        Col("signals", "array<float>", "values in the order of the network's catalogue"),
    ),
)
FEATURES = TableContract(
    "features",
    meaning="The signals of an account, in the order of the catalogue that the fingerprint names.",
    key=("as_of", "network", "account_id"),
    columns=(
        Col("as_of", "date", "the day that the run speaks for"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("account_id", "string", "account on that network"),
        Col("signals", "array<float>", "values in catalogue order"),
        Col("fingerprint", "string", "names the catalogue and the model"),
    ),
    partitioned_by=("as_of",),
)
RANKS = TableContract(
    "ranks",
    meaning="Where a walk along the edges of a graph spends its time; the ranks of a day's graph sum to 1.",
    key=("as_of", "graph", "account_id"),
    columns=(
        Col("as_of", "date", "the day that the run speaks for"),
        Col("graph", "string", "the graph, for example a network; ranks of two graphs do not compare"),
        Col("account_id", "string", "account of the graph, with or without edges"),
        Col("rank", "double", "its part of the graph's 1"),
    ),
    partitioned_by=("as_of",),
)
FEATURE_NAMES = TableContract(
    "feature_names",
    meaning="The dictionary of the stored vectors: names of a network's signals in their order.",
    key=("fingerprint", "network"),
    columns=(
        Col("fingerprint", "string", "hash of everything scientific in the configuration"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("names", "array<string>", "one name a value of the vector"),
    ),
)
LABELS = TableContract(
    "labels",
    meaning="A labelled comparison of two people; lies where its owner says, not under the root.",
    key=("left", "right"),
    columns=(
        Col("left", "string", "a person as in `scores`"),
        Col("right", "string", "another one"),
        Col("label", "int", "1: left is more influential, 0: right is"),
        Col("weight", "double", "positive: how much the comparison counts"),
    ),
)
_SCORE_COLUMNS = (
    Col("as_of", "date", "the day that the score speaks for"),
    Col("person_id", "string", "person, or <network>:<account_id> of an unlinked account"),
    Col("score", "double", "1 to 100, whole hundredths"),
    Col("band_low", "double", "lower end of the 90 % band; null in rows of before bands existed", is_nullable=True),
    Col("band_high", "double", "upper end of the 90 % band; null in rows of before bands existed", is_nullable=True),
    Col(
        "change", "double", "against the person's last published score; null without one in 142 days", is_nullable=True
    ),
    Col("evidence", "double", "non-negative, before calibration and step limit"),
    Col("parts", PARTS, "by network and signal; they sum to the score exactly"),
    Col("reasons", "array<string>", "the strongest reasons in words; never other people's ids"),
    Col("accounts", ACCOUNT_LIST, "accounts that count for the person on the day"),
    Col("run_id", "string", "the run that made the row"),
    Col("fingerprint", "string", "hash of everything scientific in the configuration"),
)
SCORES = TableContract(
    "scores",
    meaning="The published scores: whole days, each checked before it is readable.",
    key=("as_of", "person_id"),
    columns=_SCORE_COLUMNS,
    partitioned_by=("as_of",),
)
SCORES_CANDIDATE = TableContract(
    "scores_candidate",
    meaning="Scores of a day that wait for the verdict of the gate.",
    key=("as_of", "person_id"),
    columns=_SCORE_COLUMNS,
    partitioned_by=("as_of",),
)
GATE_RESULTS = TableContract(
    "gate_results",
    meaning="Every expectation of every run with what it saw.",
    key=("run_id", "vital", "network"),
    columns=(
        Col("run_id", "string", "the run that was judged"),
        Col("as_of", "date", "its day"),
        Col("vital", "string", "the vital that was judged"),
        Col("network", "string", "the network that it was measured of; empty: all of them together"),
        Col("severity", "string", "block or warn"),
        Col("least", "double", "lowest value that passes", is_nullable=True),
        Col("most", "double", "highest value that passes", is_nullable=True),
        Col("observed", "double", "the value that was found", is_nullable=True),
        Col("passed", "boolean", "whether it held"),
        Col("why", "string", "the reason of the limit"),
        Col(
            "note",
            "string",
            "why a failed limit did not refuse the day: too little past, or accepted",
            is_nullable=True,
        ),
    ),
)
RUNS = TableContract(
    "runs",
    meaning="The manifest of every finished run: what it read, what it did, at which versions.",
    key=("run_id",),
    columns=(
        Col("number", "bigint", "runs of the root in the order in which they finished"),
        Col("run_id", "string", "id of the run"),
        Col("command", "string", "ingest, score, rollback or maintain"),
        Col("as_of", "date", "day of a scoring run; null for an ingest and for maintenance", is_nullable=True),
        Col("status", "string", "ingested, published, refused or maintained"),
        Col("started_at", "timestamp", "read from the clock at the entry point"),
        Col("fingerprint", "string", "hash of everything scientific in the configuration"),
        Col("manifest", "string", "JSON: versions, modes, counts and seconds by stage (storage/manifest.py)"),
    ),
)
JUDGED = TableContract(
    "judged interactions",
    meaning="Input rows of one network with their day and what speaks against counting them; never stored.",
    key=(),
    columns=(
        *INTERACTIONS.written,
        Col("day", "date", "UTC day of occurred_at", is_nullable=True),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("is_outside", "boolean", "on or after as_of, or older than the longest window"),
        Col("reason", "string", "why the row is quarantined; null: it is not", is_nullable=True),
    ),
)
STANDINGS = TableContract(
    "standings",
    meaning="What a reaction of an account was worth on a day by the score published at or before it; never stored.",
    key=("day", "network", "actor_id"),
    columns=(
        Col("day", "date", "UTC day of the reactions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("actor_id", "string", "account that acts"),
        Col("standing_micros", "bigint", "1 to 2, in millionths"),
    ),
)
DATED_ACTORS = TableContract(
    "dated_actors",
    meaning="What is known of who acted on a day, by age and own behaviour on days before it; never stored.",
    key=("day", "network", "actor_id"),
    columns=(
        Col("day", "date", "UTC day of the actions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("actor_id", "string", "account that acts"),
        Col("is_frozen_newcomer", "boolean", "as it was frozen before; null: it was not", is_nullable=True),
        Col("is_known", "boolean", "whether the network knows the actor by age"),
        *[Col(name, "double", "of the actor's earlier days; null: none", is_nullable=True) for name in BEHAVIOUR],
    ),
)
ACTORS = TableContract(
    "actors",
    meaning="What is known of who acted on a day, from days before it; never stored.",
    key=DATED_ACTORS.key,
    columns=(
        *DATED_ACTORS.columns,
        Col(
            "vouchers",
            "array<struct<day:date,voucher:bigint>>",
            "who first vouched on other days for an actor that is not known, two at most",
        ),
    ),
)
JUDGEMENTS = TableContract(
    "judgements",
    meaning="What reactions of an actor of a day are worth by who gives them; never stored.",
    key=("day", "network", "actor_id"),
    columns=(
        Col("day", "date", "UTC day of the actions"),
        Col("network", "string", "stem of a file in conf/networks"),
        Col("actor_id", "string", "account that acts"),
        Col("judged_micros", "bigint", "authenticity in (0, 1], in millionths"),
        Col("judged_newcomer", "boolean", "whether the network does not know the actor yet"),
        Col("judged_doubt", "string", "what most made the authenticity less than 1", is_nullable=True),
    ),
)
OWNERS = TableContract(
    "owners",
    meaning="Accounts that count for a person on the as-of day by a link; never stored.",
    key=("network", "account_id"),
    columns=(
        Col("network", "string", "stem of a file in conf/networks", is_nullable=True),
        Col("account_id", "string", "the account", is_nullable=True),
        Col("person_id", "string", "the person that it counts for", is_nullable=True),
        Col("accounts", "bigint", "how many the person has on the network, hidden ones too"),
    ),
)
HIDDEN = TableContract(
    "hidden accounts",
    meaning="Accounts of those who opted out: no published table has a row of them; never stored.",
    key=("network", "account_id"),
    columns=(
        Col("network", "string", "stem of a file in conf/networks"),
        Col("account_id", "string", "the account"),
        Col("person_id", "string", "who asked: the person, or <network>:<account_id>"),
    ),
)
PAST_SCORES = TableContract(
    "past scores",
    meaning="The newest published score of a person before the as-of day and what is left of it; never stored.",
    key=("person_id",),
    columns=(
        Col("person_id", "string", "person, or <network>:<account_id>"),
        Col("last_hundredths", "bigint", "the score of the person's newest row"),
        Col("base_hundredths", "bigint", "the same less the daily limit for each day without a row, at least 100"),
    ),
)
EVIDENCE = TableContract(
    "evidence",
    meaning="What speaks for a person, by network and term; never stored.",
    key=("person_id",),
    columns=(
        Col("person_id", "string", "person, or <network>:<account_id>"),
        Col(
            "networks",
            "array<struct<network:string,evidence:double,variance:double,"
            "terms:array<struct<signal:string,evidence:double,value:float>>>>",
            "evidence of each network with its variance and its terms, by the network's name",
        ),
    ),
)
