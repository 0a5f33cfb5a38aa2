"""What starts runs: jobs, schedules, sensors, checks and alerts."""
