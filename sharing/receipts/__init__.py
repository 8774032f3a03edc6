"""Receipts: number, payload, document, PDF, and how one is checked."""
