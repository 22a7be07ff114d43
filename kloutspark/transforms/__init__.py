"""Frames in, one frame out: plain functions without session, I/O or action."""
