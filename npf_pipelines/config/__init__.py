"""Settings, master setups and countries: everything that a person configures. Imports no other room."""
