"""The team: agents, their loop, workflows, approvals and the coordinator that owns live runs."""
