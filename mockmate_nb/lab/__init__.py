"""Measure a stream, break it, look at its bytes."""
