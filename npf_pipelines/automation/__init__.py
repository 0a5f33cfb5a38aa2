"""Jobs, schedules, sensors, asset checks, alerts and retention."""
