"""What every room stands on: errors, text positions, task supervision, ids, logging. Imports nothing of Coterie."""
