"""The modules that write the demo programme into the database.

The services of the apps would date everything today. Years of history need dates in the past, so these modules write
the rows themselves, with the events that the services would have written; the database's constraints and triggers
apply all the same, and the tests run the models' own validation over the result.
"""
