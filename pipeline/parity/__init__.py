"""Numbers -> one verdict, one page."""
