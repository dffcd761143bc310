"""The package, run in real .NET."""
