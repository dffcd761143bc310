"""What lies on disk, written whole: files, arrays, rows, the contract. Knows no settings."""
