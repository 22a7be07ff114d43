"""P13: More than 400 signals from eight networks, most of them combinations of attributes.

The catalogue follows from the pages of the networks and the windows of the model; every signal of it is computed of
every account and stored in `features`, by the names of `feature_names`.
"""

from kloutspark.domain.signals import Signal
from tests.lab import Lab
from tests.promises.conftest import Shows
from tests.promises.networks import OF_THE_PROMISE, Networks

EIGHT = OF_THE_PROMISE[:8]


def catalogued(lab: Lab) -> list[Signal]:
    return [signal for network in EIGHT for signal in lab.config.signals(network)]


def test_more_than_400_signals_of_eight_networks_are_computed(
    networks: Networks, lenient_networks: Networks, shows: Shows
) -> None:
    def computed(found: Networks) -> int:
        return sum(len(found.features[network, "p14/more"]) for network in EIGHT)

    for found in (networks, lenient_networks):
        assert computed(found) == len(catalogued(found.lab))
    assert computed(networks) > 400
    assert computed(lenient_networks) <= 400
    shows(
        "signals computed on the eight networks",
        measured=computed(networks),
        by="windows_days 90 alone",
        weakened=computed(lenient_networks),
    )


def test_most_of_them_combine_attributes_and_each_has_a_meaning(networks: Networks) -> None:
    signals = catalogued(networks.lab)
    combined = [s for s in signals if len(s.measure.attributes) + (s.window_days is not None) >= 2]
    assert len(combined) > len(signals) / 2
    assert all(len(s.meaning) > 10 and s.measure.unit for s in signals)
    names = {(s.network, s.name) for s in signals}
    assert len(names) == len(signals)
