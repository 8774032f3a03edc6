"""Pages of questionnaire versions, for the programme's staff only.

Brands and factories never learn which questionnaire was used (R1, R12).
"""
