"""Networks: one plain nn.Module a file, raw input in, answer out."""
