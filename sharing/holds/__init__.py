"""Reports that a factory withholds from a brand."""
