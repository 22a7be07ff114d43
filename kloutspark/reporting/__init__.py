"""What a person reads: explanations and tables."""
