"""The client's public API as text: read from its assemblies or from its sources, in one form."""
