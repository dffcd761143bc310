"""The NuGet package: its files, its form, its feed."""
