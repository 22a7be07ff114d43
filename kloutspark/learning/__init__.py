"""What is learned and held against the truth: labels, models, anchors, evaluations; numpy and scipy, no Spark."""
