"""Trials before the trial: who enters, what is read, what is estimates, and how often."""
