"""Offence schemes: who takes part, what they change, and when they move on."""
