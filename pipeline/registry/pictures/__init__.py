"""Training curves, confusion or residuals, parity and worst rows, drawn for the run."""
