"""The inbox of a factory's people.

`reading` asks the gates, `access`, `reports` and `matters` say what waits, `rows` puts it in order.
"""
