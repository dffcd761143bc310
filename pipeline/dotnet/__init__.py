"""The hand-off to .NET: the client, the package, the proof."""
