"""The port: whom it examines and why, how deep, and what it finds when."""
