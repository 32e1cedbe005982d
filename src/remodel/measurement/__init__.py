"""What scanners and laboratories read of the truth."""
