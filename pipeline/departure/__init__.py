"""Where a graph begins to depart from PyTorch: node by node, with PyTorch's own values fed in."""
