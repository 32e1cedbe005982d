"""Which plan is best: schedules and policies compared by what they prevent and what they cost."""
