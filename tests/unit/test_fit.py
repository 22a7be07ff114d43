"""What a fit may write whatever the labels say, what it finds of a known truth, and the gradients that it goes by."""

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kloutspark.config import Config, load
from kloutspark.domain.errors import InputError
from kloutspark.learning.fit import (
    Learned,
    OnNetwork,
    candidates,
    combine,
    descend,
    fit,
    fit_doubts,
    p_norm,
)
from kloutspark.learning.page import model_page
from kloutspark.learning.pairs import Comparisons, Places, auc, folds_of
from kloutspark.learning.selection import People, select
from kloutspark.learning.shapes import bent, straightened

AS_OF = date(2026, 3, 1)


@cache
def config() -> Config:
    return load()


def on_network(network: str, place: Places, random: np.random.Generator) -> OnNetwork:
    """People with signals of all sizes, most of them small, many of them 0; none kept as less than 0."""
    catalogue = config().signals(network)
    base = random.lognormal(0, 2, len(place))[:, None]
    values = np.floor(base * random.lognormal(0, 1, (len(place), len(catalogue))))
    terms = config().model.terms.of(network, config().subjects(network))
    return OnNetwork(catalogue, terms, 1.0, place, values.astype(np.float32).astype(np.float64))


def world(random: np.random.Generator, *, people: int = 120, pairs: int = 700) -> tuple[People, Comparisons]:
    """People on two networks, a third of them on both, and pairs whose labels say nothing."""
    ids = tuple(f"p{n}" for n in range(people))
    third = people // 3
    networks = {
        "facebook": on_network("facebook", np.arange(third, people), random),
        "twitter": on_network("twitter", np.arange(2 * third), random),
    }
    left = random.integers(0, people, pairs)
    right = (left + random.integers(1, people, pairs)) % people
    label = random.integers(0, 2, pairs).astype(np.float64)
    told = Comparisons(ids, left, right, label, random.integers(1, 4, pairs).astype(np.float64))
    return People(ids, random.uniform(1, 100, people), np.ones(people), networks), told


def written(people: People, pairs: Comparisons) -> tuple[Config, Learned]:
    """The configuration that reads what a fit has written, phased in or at once, and the model as it was judged."""
    fitted = select(people, pairs, exponent=3.0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'it\'s a "model".yaml'
        path.write_text(model_page(config(), people, fitted, as_of=AS_OF, labels="labels: 'of' \"x\" # no"))
        phase = "model.phase_in={from_model: default, first_day: 2026-03-02, days: 14, why: the movers of a new model}"
        assert load(overrides=[f"model={path}", phase]).on(AS_OF).terms("twitter") == config().terms("twitter")
        return load(overrides=[f"model={path}"]), fitted.learned


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_the_labels_say_the_model_is_accepted_and_rises(seed: int) -> None:  # P1, P7, P9
    random = np.random.default_rng(seed)
    people, pairs = world(random)
    found, learned = written(people, pairs)
    assert learned.terms
    for network, terms in learned.terms.items():
        rising = {s.name for s in config().signals(network) if s.response == "rising"}
        assert {t.signal for t in terms} <= rising
        assert found.model.terms.networks[network] == terms
        for term in terms:
            if term.shape is not None:
                xs, ys = np.array(term.shape).T
                assert (xs[0], ys[0]) == (0, 0)
                assert len(xs) <= 21
                assert (np.diff(xs) > 0).all()
                assert (np.diff(ys) >= 0).all()
        seen = people.networks[network]
        more = seen.values + random.integers(0, 3, seen.values.shape) * random.integers(0, 2, seen.values.shape[1])
        better = OnNetwork(seen.catalogue, seen.terms, 1.0, seen.place, more)
        least, most = (s.evidence(terms, len(people.ids)) for s in (seen, better))
        assert (most >= least).all()
        longest = [s.name for s in seen.catalogue].index("actors_distinct_90d")
        assert (least[seen.place] > 0)[seen.values[:, longest] > 0].all(), "any engagement raises evidence (P2)"
        own = [i for i, s in enumerate(seen.catalogue) if s.measure.name == "posts_sum"]
        talkative = seen.values.copy()
        talkative[:, own] += 1000
        talking = OnNetwork(seen.catalogue, seen.terms, 1.0, seen.place, talkative)
        assert (talking.evidence(terms, len(people.ids)) == least).all()
    assert found.model.combine.scale == learned.scale
    assert found.model.combine.exponent == learned.exponent
    assert {"calibration": found.model.calibration, "ranks": found.model.ranks} == {
        "calibration": config().model.calibration,
        "ranks": config().model.ranks,
    }


def test_a_truth_in_the_data_is_found_and_beats_what_stands_beside_it() -> None:
    random = np.random.default_rng(7)
    people, pairs = world(random, people=600, pairs=2_500)
    on = {n: [s.name for s in seen.catalogue].index("active_days_count_28d") for n, seen in people.networks.items()}
    truth = np.zeros(len(people.ids))
    for network, seen in people.networks.items():
        actors = [s.name for s in seen.catalogue].index("actors_distinct_28d")
        capped = np.minimum(seen.values[:, on[network]], seen.values[:, actors])
        truth[seen.place] += np.minimum(np.log1p(capped), 2.5) ** 3  # nothing more comes from 12 days on
    margin = (truth[pairs.left] - truth[pairs.right]) / 6**0.5
    label = (random.uniform(size=len(pairs)) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    told = Comparisons(pairs.people, pairs.left, pairs.right, label, pairs.weight)
    fitted = select(people, told, exponent=3.0)
    quality = {q.name: q for q in fitted.qualities}
    best = auc(margin, label, told.weight)
    assert best - 0.05 < quality["fitted model"].auc_by_people < best + 0.02
    assert quality["fitted model"].auc_by_people > quality["actors_distinct_90d"].auc_by_people + 0.02
    assert quality["fitted model"].loss is not None
    assert quality["fitted model"].loss < 0.6
    strongest = max(fitted.learned.terms["twitter"], key=lambda t: t.weight)
    assert strongest.signal == "active_days_count_28d"
    middle = [(a, b) for share, a, b in fitted.quantiles if share == 0.5]
    current = Learned({}, dict.fromkeys(people.networks, 1.0), 3.0).evidence(people.networks, 600)
    new = fitted.learned.evidence(people.networks, 600)
    assert np.median(new[new > 0]) == pytest.approx(np.median(current[current > 0]), rel=0.01)
    assert middle[0][0] == pytest.approx(np.median(current))


def test_a_network_with_few_pairs_keeps_its_terms_and_no_pairs_are_an_error() -> None:
    random = np.random.default_rng(3)
    people, pairs = world(random)
    on_facebook_only = pairs.where((pairs.left >= 80) | (pairs.right >= 80))
    fitted = select(people, on_facebook_only, exponent=3.0)
    again = select(people, on_facebook_only, exponent=3.0)
    assert (again.learned, again.qualities) == (fitted.learned, fitted.qualities), "the same data, the same model"
    assert set(fitted.learned.terms) == {"facebook"}
    assert set(fitted.learned.scale) == {"facebook", "twitter"}
    with pytest.raises(InputError, match="Add labels"):
        select(people, pairs.where(np.arange(len(pairs)) < 50), exponent=3.0)


def test_what_one_account_could_raise_alone_is_capped_by_people_or_not_offered() -> None:
    offered = {t.signal: t.at_most for t in candidates(config().signals("twitter"), config().terms("twitter"))}
    assert offered["actors_distinct_7d"] is offered["followers_level"] is None
    assert offered["weight_sum_7d"] == "actors_distinct_7d", "as the current model has it"
    assert offered["active_days_count_90d"] == offered["retweet_sum_90d"] == "actors_distinct_90d"
    assert offered["reactions_per_post_1d"] == "actors_distinct_1d"
    assert not {"reactions_sum_7d", "damped_sum_7d", "networks_count_7d", "posts_sum_7d"} & offered.keys()
    uncapped = [config().terms("twitter")[8].model_copy(update={"at_most": None})]
    assert uncapped[0].signal == "active_days_count_90d"
    kept = {t.signal: t.at_most for t in candidates(config().signals("twitter"), uncapped)}
    assert kept["active_days_count_90d"] is None, "as the current model has it"


@given(st.lists(st.tuples(st.floats(0.01, 2), st.floats(0, 5)), min_size=1, max_size=20))
def test_a_straightened_shape_is_the_shape_within_a_hundredth_of_its_top(steps: list[tuple[float, float]]) -> None:
    widths, rises = np.array(steps).T
    points = [(0.0, 0.0), *zip(np.cumsum(widths).tolist(), np.cumsum(rises).tolist(), strict=True)]
    if points[-1][1] == 0:
        return
    kept = straightened(points)
    assert kept[0] == points[0]
    assert len(kept) == 2 or kept[-2:] == points[-2:], "what goes on without end is not a mean"
    x = np.linspace(0, points[-1][0], 300)
    assert np.abs(bent(x, kept) - bent(x, points)).max() <= 0.0101 * points[-1][1]
    if len(kept) > 2:
        beyond = np.array([points[-1][0] + 3])
        assert bent(beyond, kept) == pytest.approx(bent(beyond, points))


def test_the_combination_finds_the_scales_behind_the_labels() -> None:
    """By exact gradients: a wrong one would leave L-BFGS-B where it started."""
    random = np.random.default_rng(1)
    people, pairs = world(random, people=900, pairs=20_000)
    current = Learned({}, {"facebook": 3.0, "twitter": 0.5}, 3.0)
    true = current.margin(people.networks, pairs)
    label = (random.uniform(size=len(pairs)) < 1 / (1 + np.exp(-true))).astype(np.float64)
    told = Comparisons(pairs.people, pairs.left, pairs.right, label, pairs.weight)
    parts = np.array([s.evidence(s.terms, 900) for s in people.networks.values()]).T
    (facebook, twitter), sharpness = combine(parts, told, 3.0)
    assert facebook * sharpness == pytest.approx(3.0, rel=0.15)
    assert twitter * sharpness == pytest.approx(0.5, rel=0.15)


def test_descend_agrees_with_the_closed_form_of_one_weight() -> None:
    """Three of four are true: ln 3 without intercept; a weight that would be negative is 0."""
    x, is_true, weight = np.ones((4, 1)), np.array([1.0, 1, 1, 0]), np.ones(4)
    for truth, expected in ((is_true, np.log(3)), (1 - is_true, 0.0)):
        found = descend(lambda w: (x @ w, lambda r: r @ x), truth, weight, np.zeros((1, 1)), [0.0])
        assert found[0] == pytest.approx(expected, abs=1e-4)


def test_networks_combine_by_the_p_norm() -> None:
    assert p_norm(np.array([[3.0, 4.0], [0.0, 5.0], [0.0, 0.0]]), 2.0).tolist() == [5, 5, 0]


def test_doubts_get_the_weight_that_the_labels_give_them_and_none_is_negative() -> None:
    random = np.random.default_rng(2)
    x = random.exponential(size=(4_000, 3)) * [1.0, 10.0, 1.0]
    odds = 2 * x[:, 0] + 0.1 * x[:, 1] - x[:, 2] - 2  # the third speaks for an account: no doubt
    is_automated = (random.uniform(size=4_000) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    folds = folds_of([str(n) for n in range(4_000)], folds=5)
    found = fit_doubts(x, is_automated, np.ones(4_000), folds, ridges=(1e-4, 1e-2, 1.0))
    assert found.weights[:2] == pytest.approx([1.6, 0.08], rel=0.15)  # less than 2 and .1: the third is missing
    assert found.weights[2] == 0
    assert 0.75 < found.auc < 0.9
    none = fit_doubts(x, np.zeros(4_000), np.ones(4_000), folds, ridges=(1.0, 0.1))
    assert np.isnan(none.auc)
    assert none.ridge == 1.0
    assert (none.weights == 0).all()


def test_fit_gives_a_model_an_exponent_with_one_set_of_terms() -> None:
    people, pairs = world(np.random.default_rng(4))
    models = fit(people.networks, pairs, ridge=0.01, exponents=(2.0, 5.0))
    assert [m.exponent for m in models] == [2, 5]
    assert models[0].terms == models[1].terms
