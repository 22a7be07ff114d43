"""One adapter a public format: files of others to rows of the input tables."""
