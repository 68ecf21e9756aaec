"""The satisfaction survey (SKM): rules in `domain`, the formula in `index`, the edge in `surveys`, api and pages."""
