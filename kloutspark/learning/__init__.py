"""What is learned: labelled comparisons and the models that are fitted to them; numpy and scipy, no Spark."""
