"""Training: data sets in, a posterior out."""
