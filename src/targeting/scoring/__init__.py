"""The one path from declarations to scores."""
