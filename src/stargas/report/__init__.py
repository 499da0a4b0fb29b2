"""Figures, tables and pages, made from evaluation files."""
