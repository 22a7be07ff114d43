"""Plain Python: the words, contracts, windows and errors; no pyspark."""
