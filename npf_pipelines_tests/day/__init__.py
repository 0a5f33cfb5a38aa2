"""A day of many clients in minutes: the automation under faults and kills, and whether all is right in the end."""
