"""What is installed, what would run and why, what failed last, and what is wrong: `python -m pipeline doctor`."""
