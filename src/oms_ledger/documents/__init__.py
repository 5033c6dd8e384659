"""Documents to print, as PDF: pure functions from an answer of the API to the bytes of a file."""
