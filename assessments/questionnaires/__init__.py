"""Questionnaires: their versions, clusters, points and questions."""
