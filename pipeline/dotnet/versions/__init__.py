"""Which version a package has: its content, the last release, and what is different between them."""
