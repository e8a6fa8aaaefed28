"""The SQL of the job aggregate, and one method per statement."""
