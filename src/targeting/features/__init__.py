"""What was known of a declaration on the day it was lodged, and nothing later."""
