"""The parts of the documentation that are generated from the code, and the hook that puts them into the pages."""
