"""The catalogue for people: networks and their signals, as tables, rows and a page of docs."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console

from kloutspark.config import Config
from kloutspark.domain.signals import Signal
from kloutspark.reporting.texts import table


def network_rows(config: Config) -> list[dict[str, Any]]:
    """What stands on the page of each network, with how many signals come of it."""
    return [
        {
            "network": name,
            "title": page.title,
            "status": page.status,
            "account_types": list(page.account_types),
            "kinds": list(page.kinds),
            "gauges": list(page.gauges),
            "has_pages": page.has_pages,
            "signals": len(config.signals(name)),
        }
        for name, page in sorted(config.networks.items())
    ]


def signal_rows(config: Config, networks: Sequence[str]) -> list[dict[str, Any]]:
    """Every signal of the networks, in the order of the stored vectors."""
    return [
        {
            "name": s.name,
            "network": s.network,
            "measure": s.measure.title,
            "of": s.of or None,
            "window_days": s.window_days,
            "unit": s.measure.unit,
            "response": s.response,
            "attributes": list(s.measure.attributes),
            "meaning": s.meaning,
        }
        for network in networks
        for s in config.signals(network)
    ]


def show_networks(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """One line a network."""
    headings = ("network", "status", "accounts", "kinds", "gauges", "pages", "signals")
    lists = [{k: ", ".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]
    cells = [
        (
            r["network"],
            r["status"],
            r["account_types"],
            r["kinds"],
            r["gauges"],
            "yes" if r["has_pages"] else "",
            r["signals"],
        )
        for r in lists
    ]
    console.print(table("Networks of conf/networks", headings, cells, right=(6,)))


def show_signals(console: Console, config: Config, networks: Sequence[str]) -> None:
    """One line a measure, its windows together."""
    for network in networks:
        title = f"{config.networks[network].title}: {len(config.signals(network))} signals"
        console.print(table(title, ("signal", "unit", "response", "meaning"), _lines(config.signals(network))))


def catalogue_page(config: Config) -> str:
    """The catalogue as a page of docs."""
    rows = signal_rows(config, sorted(config.networks))
    rising = sum(row["response"] == "rising" for row in rows)
    combined = sum(len(row["attributes"]) > 1 for row in rows)
    parts = [
        "# Networks and signals\n\nWritten by `make docs` from `conf/`; do not edit. Every signal is computed for "
        "every account in each day's run\n(networks that are announced excepted). `{n}` stands for the windows of "
        f"{', '.join(map(str, sorted(config.model.windows_days)))} days.\n\n{len(rows)} signals of "
        f"{len(config.networks)} networks: {rising} rising, {len(rows) - rising} shown only; {combined} combine two "
        "attributes or more, windows apart.\n"
    ]
    for row in network_rows(config):
        network = row["network"]
        parts.append(
            f"\n## {row['title']} (`{network}`, {row['status']}, {row['signals']} signals)\n\n"
            f"Accounts that count: {', '.join(row['account_types'])}.\n\n"
            "| signal | unit | response | meaning |\n|---|---|---|---|\n"
            + "".join(f"| `{n}` | {u} | {r} | {m} |\n" for n, u, r, m in _lines(config.signals(network)))
        )
    return "".join(parts)


def _lines(signals: Sequence[Signal]) -> list[tuple[str, str, str, str]]:
    """Name, unit, response and meaning of each measure, `{n}` for the windows."""
    found: list[tuple[str, str, str, str]] = []
    for _, windows in groupby(signals, key=lambda s: (s.measure.name, s.of)):
        first = next(windows)
        days = "day" if first.window_days == 1 else f"{first.window_days} days"
        name, meaning = first.name, first.meaning
        if first.window_days is not None:
            name = f"{name.removesuffix(f'_{first.window_days}d')}_{{n}}d"
            meaning = meaning.replace(f"last {days}", "last {n} days")
        found.append((name, first.measure.unit, first.response, meaning))
    return found
