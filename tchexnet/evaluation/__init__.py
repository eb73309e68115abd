"""Measures of a model's scores against labels, with their uncertainty."""
