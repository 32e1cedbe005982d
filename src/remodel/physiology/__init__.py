"""What happens in the body: one mechanism a file, equations only."""
