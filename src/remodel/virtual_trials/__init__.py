"""Trials before the trial: who enters, what is read, what is found, and how often."""
