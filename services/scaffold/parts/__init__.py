"""The parts of a drawn architecture that are more than tables and a server: how each kind is built into a backend."""
