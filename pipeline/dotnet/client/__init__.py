"""A contract -> the typed C# client."""
