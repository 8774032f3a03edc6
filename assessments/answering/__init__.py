"""Answers, and the digest of them that the ledger keeps."""
