"""The network, its weights, and the encoders in front of it."""
