"""Runs a bundle somewhere: hosts, the courier that reports to the archive, and the life of a job."""
