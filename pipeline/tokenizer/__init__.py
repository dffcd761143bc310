"""Text that the client tokenizes: Hugging Face's tokenizer, and its twin in C#."""
