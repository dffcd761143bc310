"""How good answers are at the task: metrics, and two sets of answers beside each other, row by row."""
