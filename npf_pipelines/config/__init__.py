"""Settings, master setups and countries: what a person configures. Imports nothing of the project."""
