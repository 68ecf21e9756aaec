"""Issues tickets, calls them, and shows the hall who is called where."""
