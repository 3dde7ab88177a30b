"""HTTP API, officer console and cases database (a later issue builds it)."""
