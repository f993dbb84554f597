"""What `make bench` measures, each against a baseline of the same run."""
