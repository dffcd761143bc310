"""The .NET side: the C# client of a model, and what puts it into a consumer's build."""
