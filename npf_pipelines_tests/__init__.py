"""The tests: one module for each module tested, real servers and databases where there are any."""
