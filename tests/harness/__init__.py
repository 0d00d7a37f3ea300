"""Runs dualtrace's true programs, for the component tests and the demo."""
