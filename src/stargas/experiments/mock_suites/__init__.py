"""Mock suites measured as an observer would: how real they are, and a card of each."""
