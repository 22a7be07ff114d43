"""What the gate may judge: numbers about a whole day, by name, with their meaning in a sentence."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)  # of a day's scores, to compare two days by
VITALS = {
    "people": "people in the candidate",
    "null_ids": "rows without a person",
    "duplicate_keys": "rows beyond the first of a person",
    "scores_out_of_range": "scores that are no number from 1 to 100",
    "scores_not_hundredths": "scores that are not whole hundredths",
    "parts_not_summing": "people whose parts do not sum to the score",
    "unknown_networks": "people with a part or an account of a network that is not configured",
    "evidence_invalid": "people whose evidence is missing, negative or no number",
    "bands_invalid": "people whose band is missing, leaves 1 to 100 or does not hold the score",
    "all_equal": "1 where all scores are one and the same and it is no honest tie",
    "wrong_day_or_run": "rows of another day or another run",
    "unaccounted_rows": "rows read that ended nowhere",
    "unsettled_graphs": "graphs whose ranks still moved when the iterations ended",
    "people_change": "people to people of the last published day",
    "quantile_drift_points": "largest move of a quantile of the scores since the last published day, in points",
    "movers_share": "share of the people of both days who moved by more than the configured points",
    "freshness_days": "whole undelivered days before the as-of day, by network; none of one that is held",
    "volume_ratio": "pairs of the last day of the windows to the median of the days before, by network",
    "quarantined_share": "quarantined rows to rows read inside the window, by network",
    "duplicate_share": "repeated deliveries to rows read inside the window, by network",
}
