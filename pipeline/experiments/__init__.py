"""What ran with which settings, side by side, and drawn; DVC keeps it."""
