"""The stages: each reads files, writes files, and knows no other stage."""
