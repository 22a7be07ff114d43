"""Vitals of a candidate and the gate that judges them."""
