"""What a list would have caught, with intervals; reports and plots."""
