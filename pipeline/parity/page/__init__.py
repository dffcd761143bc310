"""The report that people open: reports/parity.html and reports/proof.html, from the typed reports alone."""
