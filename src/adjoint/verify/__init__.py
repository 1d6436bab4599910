"""Checks of derivatives: against differences, for kinks and steps, for zeros and for what is held in memory."""
