"""From scores to the few lines an officer can open today."""
