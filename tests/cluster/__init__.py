"""A Spark standalone cluster on loopback: the same scores as local mode, by what a user would submit."""
